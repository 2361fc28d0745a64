"""Time limits are enforced from outside: whatever the code does, the session answers or ends in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gradjudge.sandbox.client import SessionLost
from gradjudge.wire.messages import Get, Ref

if TYPE_CHECKING:
    from sandbox.conftest import Probe

STUBBORN = {
    "catches everything": "while True:\n    try:\n        while True: sum(range(9999))\n    except BaseException: pass",
    "ignores the signal": "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "is in a long call of C": "import itertools; sum(itertools.count())",
    "waits in a thread's lock": "lock = threading.Lock(); lock.acquire()\ntry: lock.acquire()\nfinally: lock.acquire()",
    "counts its time to the end of days": "signal.alarm(0); signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "while True:\n    try: time.sleep(600)\n    except BaseException: pass",
}


def test_an_endless_cell_is_interrupted_and_the_session_goes_on(start: Callable[[str], Probe]) -> None:
    """The cell ends by the interrupt; what was defined before is still there."""
    session = start("floor")
    session.output("kept = 5")
    before = session.session.used
    assert session.run("while True: pass", seconds=0.3, grace=5.0).interrupted
    assert session.session.used - before < 4.0  # by the interrupt, not by its grace
    assert session.output("print(kept)") == "5"


@pytest.mark.parametrize("how", ["signal.signal(signal.SIGINT, signal.SIG_DFL)", "kept = 1"])
def test_a_cell_that_ends_its_process_when_interrupted_is_timed_out(start: Callable[[str], Probe], how: str) -> None:
    """Its time limit ended it, so this is no crash."""
    session = start("floor")
    with pytest.raises(SessionLost) as lost:
        session.run(
            f"{how}\ntry:\n    while True: sum(range(9999))\nexcept BaseException: os._exit(3)", seconds=2.0, grace=10.0
        )
    assert lost.value.reason == "timed-out"


@pytest.mark.parametrize("how", STUBBORN)
def test_a_stubborn_cell_is_killed(start: Callable[[str], Probe], how: str) -> None:
    """After the interrupt and its grace the session is killed."""
    session = start("floor")
    with pytest.raises(SessionLost) as lost:
        session.run(STUBBORN[how], seconds=0.2, grace=0.2)
    assert lost.value.reason == "timed-out"


def test_a_question_is_not_interrupted_but_killed(start: Callable[[str], Probe]) -> None:
    """Without a grace there is no interrupt for the code to catch."""
    session = start("floor")
    source = "try:\n    time.sleep(60)\nexcept BaseException:\n    pass"
    with pytest.raises(SessionLost) as lost:
        session.run(source, seconds=0.2)
    assert lost.value.reason == "timed-out"


@pytest.mark.parametrize(
    "end, detail, reason",
    [
        ("os._exit(0)", "exit code 0", "crashed"),
        ("os._exit(9)", "exit code 9", "crashed"),
        ("ctypes.string_at(0)", "SIGSEGV", "crashed"),
        ("os.abort()", "SIGABRT", "crashed"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", "killed"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "SIGTERM", "killed"),
        ("os.kill(os.getpid(), 35)", "signal 35", "killed"),
        ("os._exit(77)", "memory", "memory"),
    ],
)
def test_a_sudden_end_is_seen_at_once(start: Callable[[str], Probe], end: str, detail: str, reason: str) -> None:
    """The end of a session is noticed before its time limit; the reason and detail say how it ended."""
    session = start("floor")
    before = session.session.used
    with pytest.raises(SessionLost, match=detail) as lost:
        session.run(end, seconds=30.0)
    assert session.session.used - before < 10.0
    assert lost.value.reason == reason


def test_a_closed_wire_is_a_fault_of_protocol(start: Callable[[str], Probe]) -> None:
    """A session that hangs up and goes on is killed, and does not pass for one that timed out."""
    session = start("floor")
    with pytest.raises(SessionLost) as lost:
        session.run("os.close(wire())\nwhile True: time.sleep(1)", seconds=30.0)
    assert lost.value.reason == "protocol"


def test_bytes_that_are_no_answer_are_a_fault_of_protocol(start: Callable[[str], Probe]) -> None:
    """A session that writes garbage on its wire is lost."""
    session = start("floor")
    with pytest.raises(SessionLost) as lost:
        session.run("os.write(wire(), b'x' * 1000)", seconds=30.0)
    assert lost.value.reason == "protocol"


def test_half_an_answer_is_not_waited_for(start: Callable[[str], Probe]) -> None:
    """A frame that never ends is cut at the time limit."""
    session = start("floor")
    with pytest.raises(SessionLost) as lost:
        session.run("os.write(wire(), (2).to_bytes(4, 'little') + bytes(3)); time.sleep(60)", seconds=0.3)
    assert lost.value.reason == "timed-out"


def test_a_lost_session_stays_lost(start: Callable[[str], Probe]) -> None:
    """Asking again raises the same, at once."""
    session = start("floor")
    with pytest.raises(SessionLost):
        session.run("os._exit(9)")
    with pytest.raises(SessionLost, match="exit code 9"):
        session.session.ask(Get(Ref("x")), seconds=5.0)
