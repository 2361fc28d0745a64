"""A machine short of memory or disk is distinguished from a submission that dies by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gradjudge.errors import InternalError
from gradjudge.sandbox import client as sessions
from gradjudge.sandbox.client import SessionLost
from gradjudge.sandbox.shortage import oom_kills
from gradjudge.wire.messages import Drop

if TYPE_CHECKING:
    from sandbox.conftest import Probe

KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def test_a_kill_for_want_of_memory_is_the_machines(
    start: Callable[[str], Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the kernel's count of OOM kills has risen, a SIGKILL is the machine's fault."""
    session = start("floor")
    monkeypatch.setattr(sessions, "oom_kills", lambda: oom_kills() + 1)
    with pytest.raises(InternalError, match="ran out of memory"):
        session.run(KILL)


def test_other_deaths_are_not_the_memorys(start: Callable[[str], Probe], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process's OOM kill does not excuse a crash."""
    session = start("floor")
    monkeypatch.setattr(sessions, "oom_kills", lambda: oom_kills() + 1)
    with pytest.raises(SessionLost) as lost:
        session.run("os.abort()")
    assert lost.value.reason == "crashed"


def test_a_scratch_folder_that_is_gone_is_seen_between_checks(start: Callable[[str], Probe]) -> None:
    """The session's answers since then are not judged; nor is its death."""
    for death in (False, True):
        session = start("floor")
        shutil.rmtree(session.session._scratch)
        with pytest.raises(InternalError, match="is gone"):
            if death:
                session.run("os._exit(3)")
            session.session.ask(Drop(), seconds=5.0)
