"""The jail of an ordinary user, who has no right of root's to lose and none to build it with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from used_session import USE_A_SESSION

import gradjudge

NOBODY = 65534

BECOME_NOBODY = """
import json, os, sys
from pathlib import Path
from gradjudge.session.jail import kernel

home, needed, script = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
kernel.unshare(0x00020000)
kernel.mount("none", "/", flags=(1 << 18) | 16384)
shut = {}
for path in map(Path, needed):
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 1:
            shut.setdefault(folder, {})[path] = os.open(path, os.O_PATH)
            break
for folder, paths in shut.items():
    kernel.mount("none", str(folder), "tmpfs", 0, "mode=755")
    for path, fd in paths.items():
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{fd}", str(path), flags=4096 | 16384)
        os.close(fd)
os.chdir(home)
os.environ["HOME"] = home
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
os.execv(sys.executable, [sys.executable, "-B", "-c", script, home])
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Offer a folder that another user can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="gradjudge-") as name:
        yield Path(name)


def test_sessions_of_an_ordinary_user_are_jailed(folder: Path, record_property: Callable[[str, object], None]) -> None:
    """Without any right of root, every layer of the floor is on and holds, and nothing is left behind."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        package = Path(gradjudge.__file__).parent.parent
        needed = json.dumps([sys.prefix, sys.base_prefix, str(package)])
        command = [sys.executable, "-c", BECOME_NOBODY, str(folder), needed, USE_A_SESSION]
    else:
        command = [sys.executable, "-c", USE_A_SESSION, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare(" in done.stderr:
        pytest.skip("this root may not change what an ordinary user sees: run the tests as an ordinary user as well")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["uid"] != 0
    assert found["outputs"] == [[str(found["uid"]), "True"]] * len(found["layers"])
    record_property("layers", f"of an ordinary user: {', '.join(found['layers'][-1])}")
    for layers in found["layers"]:
        assert {"rlimits", "no_new_privs", "landlock", "capabilities", "seccomp"} <= set(layers)
    assert found["left"] == ["zygote"]
