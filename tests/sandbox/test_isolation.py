"""Sessions know nothing of the grader and of each other, and nothing is left when something dies."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradjudge.errors import CourseError, InternalError
from gradjudge.sandbox.policy import Policy, fork_payload
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.messages import RunCell

if TYPE_CHECKING:
    from sandbox.conftest import Probe

SEARCH = """
def count(backwards):
    needle = backwards[::-1].encode()
    found = 0
    with open("/proc/self/maps") as maps:
        for line in list(maps):
            span, rights, *_ = line.split()
            if rights.startswith("rw") and "[v" not in line:
                start, end = (int(part, 16) for part in span.split("-"))
                for piece in range(start, end, 1 << 22):
                    found += ctypes.string_at(piece, min(end - piece, 1 << 22)).count(needle)
    return found
"""


def occurrences(probe: Probe, text: str) -> int:
    """Count occurrences of `text` in the session's memory, minus those of a text that was never there."""
    never = "".join(reversed(text[:-1])) + "#"
    probe.output(SEARCH)
    found = [int(probe.output(f"print(count({needle[::-1]!r}))")) for needle in (text, never)]
    return found[0] - found[1]


def test_memory_can_be_searched(start: Callable[[str], Probe]) -> None:
    """The search of these tests finds what is there."""
    probe = start("floor")
    probe.output("x = 'a-name-' + 'that-is-' * 2 + 'kept'")
    assert occurrences(probe, "a-name-that-is-that-is-kept") > 0


def test_the_environment_of_the_grader_stays_there(start: Callable[[str], Probe], canary: str) -> None:
    """A secret in the environment that the zygote was started from is not in a session's environment or memory."""
    probe = start("floor")
    assert canary not in probe.output("print(os.environ, sys.argv)")
    assert occurrences(probe, canary) == 0


def test_a_session_knows_nothing_of_secret_paths(start: Callable[[str], Probe], course: Path) -> None:
    """Paths that must not be read are not in the session's memory."""
    assert occurrences(start("floor"), str(course / "autograder")) == 0


def test_a_session_finds_no_trace_of_an_earlier_one(start: Callable[[str], Probe]) -> None:
    """Neither what an earlier submission had in memory nor the name of its scratch folder is found by a later one."""
    first = start("floor")
    first.output("x = 'alice-' + 'durand-' + '4242'; open(x, 'w').close()")
    folder = first.output("print(os.getcwd())")
    first.session.close()
    later = start("floor")
    assert occurrences(later, "alice-durand-4242") == 0
    assert occurrences(later, Path(folder).name) == 0
    assert later.output("print(os.listdir('.'))") == "[]"


def test_a_session_starts_alone(start: Callable[[str], Probe]) -> None:
    """Two sessions at once do not see each other's files or processes."""
    first, second = start("floor"), start("floor")
    first.output("open('mine', 'w').close()")
    folder = first.output("print(os.getcwd())")
    assert second.outcome(f"os.listdir({folder!r})") == "refused"
    assert second.outcome(f"os.kill({first.session.pid}, 9)") == "refused"
    assert second.outcome(f"open('/proc/{first.session.pid}/mem', 'rb')") == "refused"


def test_closing_leaves_nothing(zygote: Zygote, policies: dict[str, Policy], base: Path) -> None:
    """The process is gone and so is the scratch folder, whatever was made in it."""
    before = set(base.iterdir())
    session = zygote.spawn(policies["floor"], {"a.csv": b"1"})
    deep = "import os\nfor _ in range(40): os.mkdir('d', 0o700); os.chdir('d'); open('f', 'w').close(); os.umask(0o777)"
    session.ask(RunCell(0, deep, "ipython"), seconds=5.0)
    session.close()
    session.close()
    assert set(base.iterdir()) == before
    assert not Path(f"/proc/{session.pid}").exists()


def test_a_session_dies_with_its_client(zygote: Zygote, policies: dict[str, Policy], base: Path) -> None:
    """A judge that is killed leaves no session behind."""
    client = """
import socket, sys, time
from gradjudge.wire.forkserver import request_fork
child = request_fork(socket.socket(fileno=int(sys.argv[1])), sys.stdin.buffer.read())
child.wire.recv(4)
print(child.pid, flush=True)
time.sleep(60)
"""
    scratch = base / "of-the-client"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", client, str(zygote.control.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[zygote.control.fileno()],
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(fork_payload(policies["floor"], scratch, {"output_kb": 1}))
        process.stdin.close()
        pidfd = os.pidfd_open(int(process.stdout.readline()))
        process.kill()
    assert select.select([pidfd], [], [], 60.0)[0]
    os.close(pidfd)
    scratch.rmdir()


def test_sessions_die_with_the_zygote(tmp_path: Path) -> None:
    """When the zygote is killed its sessions are too; that is our fault, not the submission's."""
    with Zygote.start(scratch=tmp_path) as doomed:
        session = doomed.spawn(Policy(scratch=tmp_path))
        pidfd = os.pidfd_open(session.pid)
        assert doomed.pid is not None
        os.kill(doomed.pid, signal.SIGKILL)
        assert select.select([pidfd], [], [], 60.0)[0]
        os.close(pidfd)
        with pytest.raises(InternalError, match="zygote is gone"):
            session.ask(RunCell(0, "1", "ipython"), seconds=5.0)
        with pytest.raises(InternalError, match="no session could be started"):
            doomed.spawn(Policy(scratch=tmp_path))
        session.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["zygote"]


def test_a_zygote_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote on stderr is in the error."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no torch here >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with Zygote.start(scratch=scratch) as zygote, pytest.raises(InternalError, match="no torch here"):
        zygote.wait_ready()


def test_a_zygote_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its time to get ready, and no more."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexec sleep 60\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("gradjudge.sandbox.zygote._END_SECONDS", 0.1)
    with Zygote.start(scratch=scratch) as zygote, pytest.raises(InternalError, match="not ready"):
        zygote.wait_ready(0.2)


def test_a_missing_layer_is_an_error(zygote: Zygote, base: Path) -> None:
    """A session whose jail lacks what the course requires is not started, and staff are told what to do."""
    with pytest.raises(CourseError, match=r"moat.*gradjudge doctor"):
        zygote.spawn(Policy(scratch=base, required=("landlock", "moat")))


def test_an_attached_client_starts_sessions_too(zygote: Zygote, policies: dict[str, Policy]) -> None:
    """The control descriptor is all that a judge needs."""
    attached = Zygote.attach(os.dup(zygote.control.fileno()))
    with attached:
        session = attached.spawn(policies["floor"])
        assert "seccomp" in session.layers
        session.close()


def test_the_layers_are_told(start: Callable[[str], Probe]) -> None:
    """A session says which layers are on; without a jail there are none."""
    assert start("floor").session.layers == ("rlimits", "no_new_privs", "landlock", "capabilities", "seccomp")
    assert start("none").session.layers == ()
