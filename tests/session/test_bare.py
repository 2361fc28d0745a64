"""The session runs without any of the trusted code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import gradjudge

PACKAGE = Path(gradjudge.__file__).parent

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
sys.path[:] = [path for path in sys.path if not path.endswith("/src")]
import gradjudge
assert gradjudge.__file__.startswith(sys.argv[1]), gradjudge.__file__
import gradjudge.session.run.serve, gradjudge.session.run.notebook
from gradjudge.session.answer.answers import Answers
from gradjudge.session.run.script import ScriptNamespace
from gradjudge.wire.messages import Get, Ref, RunCell
from gradjudge.wire.values import decode_reply, encode
answers = Answers(ScriptNamespace())
answers.answer(RunCell(1, "x = [1, (2,)]", "python"))
head, *blobs = encode(answers.answer(Get(Ref("x"))))
print(decode_reply(head, blobs).value)
own = sorted(name.split(".")[1] for name in sys.modules if name.count(".") == 1 and name.startswith("gradjudge."))
print(own)
"""


def test_a_session_needs_nothing_but_the_wire(tmp_path: Path) -> None:
    """Copied alone with `wire`, in a fresh interpreter, `session` imports and answers."""
    package = tmp_path / "gradjudge"
    package.mkdir()
    shutil.copy(PACKAGE / "__init__.py", package)
    for name in ("session", "wire"):
        shutil.copytree(PACKAGE / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    ran = subprocess.run(
        [sys.executable, "-s", "-P", "-B", "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["[1, (2,)]", "['session', 'wire']"]
