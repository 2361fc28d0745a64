"""Only time at work is charged. Processes share one processor here, so that they have to wait for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradjudge.errors import InternalError
from gradjudge.sandbox import client as sessions
from gradjudge.sandbox.client import SessionLost
from gradjudge.sandbox.meter import WALL_FACTOR, Meter

if TYPE_CHECKING:
    from sandbox.conftest import Probe

BUSY = "while True: pass"
SLEEPY = "import time; time.sleep(3600)"
THREADS = """
import threading, time
def sleep(): time.sleep(3600)
for _ in range(3): threading.Thread(target=sleep).start()
while True: pass
"""
RIVALS = 5


@pytest.fixture
def begin() -> Iterator[Callable[[str], int]]:
    """Start Python processes on one processor, each in a kernel session of its own, as autogroups share by session."""
    started: list[subprocess.Popen[bytes]] = []
    processor = min(os.sched_getaffinity(0))

    def start(source: str) -> int:
        process = subprocess.Popen([sys.executable, "-c", source], start_new_session=True)
        started.append(process)
        os.sched_setaffinity(process.pid, {processor})
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.wait()


def followed(*pids: int, until: Callable[[float], bool]) -> tuple[float, float]:
    """Charge processes until the wall seconds satisfy `until`; return the charged and the wall seconds."""
    meter = Meter(*pids)
    began = time.monotonic()
    while not until(time.monotonic() - began):
        time.sleep(0.05)
        meter.charge()
    charged, passed = meter.end(), time.monotonic() - began
    meter.close()
    assert charged + meter.waited == pytest.approx(passed, abs=0.1)
    return charged, passed


def computed(pid: int) -> float:
    """Return the seconds that a process has computed, by its own clock."""
    return time.clock_gettime((~pid << 3) | 2)


def test_who_sleeps_is_charged(begin: Callable[[str], int]) -> None:
    """An answer that does not come because it is slept over is late, however busy the machine is."""
    pid = begin(SLEEPY)
    wait_for_sleep(pid)
    charged, passed = followed(pid, until=lambda wall: wall > 0.5)
    assert charged == pytest.approx(passed, rel=0.1)


@pytest.mark.parametrize("source", [BUSY, THREADS])
def test_who_computes_is_charged_with_what_it_computes(begin: Callable[[str], int], source: str) -> None:
    """One of six on a processor waits most of the time; threads that sleep meanwhile do not change that."""
    for rival in [begin(BUSY) for _ in range(RIVALS)]:
        wait_for_work(rival)
    pid = begin(source)
    while computed(pid) < 0.3:
        time.sleep(0.05)
    before = computed(pid)
    charged, passed = followed(pid, until=lambda wall: computed(pid) - before > 0.3)
    assert charged <= computed(pid) - before + 0.2 * passed
    assert charged >= 0.9 * 0.3
    assert charged < 0.6 * passed


def test_who_has_ended_or_was_stopped_is_charged(begin: Callable[[str], int]) -> None:
    """What is not ready to compute waits for nobody: a process that stops itself cannot stop the clock."""
    pid = begin(BUSY)
    os.kill(pid, signal.SIGSTOP)
    while "T" not in state(pid):
        time.sleep(0.01)
    charged, passed = followed(pid, until=lambda wall: wall > 0.3)
    assert charged == pytest.approx(passed, rel=0.1)
    charged, passed = followed(2**22 + 1, until=lambda wall: wall > 0.1)  # there is no such process
    assert charged == pytest.approx(passed, rel=0.1)


def state(pid: int) -> str:
    """Return the state of a process as the kernel names it."""
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()[0]


def delay_of_this_thread() -> float:
    """Return the seconds that this thread has waited for a processor."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def wait_for_work(pid: int) -> None:
    """Wait until a process has started to compute in earnest."""
    while computed(pid) < 0.1:
        time.sleep(0.01)


def wait_for_sleep(pid: int) -> None:
    """Wait until a process has slept for a while."""
    while True:
        before = computed(pid)
        time.sleep(0.3)
        if computed(pid) == before and state(pid) == "S":
            return


def test_a_session_that_waits_for_a_processor_keeps_its_time(
    start: Callable[[str], Probe], begin: Callable[[str], int]
) -> None:
    """Code that computes for half its limit answers, though it takes several times as long by the clock on the wall."""
    session = start("floor")
    for rival in [begin(BUSY) for _ in range(RIVALS)]:
        wait_for_work(rival)
    os.sched_setaffinity(session.session.pid, {min(os.sched_getaffinity(0))})
    used = session.session.used
    began = time.monotonic()
    session.run("until = time.process_time() + 1\nwhile time.process_time() < until: pass", seconds=2.0)
    wall = time.monotonic() - began
    assert wall > 2.0, "it was meant to wait"
    assert session.session.used - used < 2.0
    assert session.session.waited > 0.3 * wall
    with pytest.raises(SessionLost, match="in time"):
        session.run("while True: pass", seconds=0.5)


def test_threads_that_compete_with_each_other_gain_no_time(
    start: Callable[[str], Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who makes itself wait is charged with what it computes meanwhile, so an endless loop ends all the same."""
    monkeypatch.setattr(sessions, "WALL_FACTOR", 1000.0)  # however busy the machine is
    session = start("floor")
    source = "for _ in range(20): threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()"
    session.run(source)
    with pytest.raises(SessionLost) as lost:
        session.run("while True: pass", seconds=0.5)
    assert lost.value.reason == "timed-out"


class Waiting:
    """Stand for the meter of a process that never gets a processor."""

    stalled = True

    def begin(self) -> None:
        """Begin."""

    def charge(self) -> float:
        """Charge nothing."""
        return 0.0


def test_a_machine_that_lets_nobody_work_is_the_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall has a limit too, some times larger; whoever meets it was not slow."""
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    patience = sessions._Patience(Waiting(), 2.0)  # type: ignore[arg-type]
    for now in range(1, int(2 * WALL_FACTOR)):  # noqa: B007  # what the clock says
        assert patience() > 0
    now = 2 * WALL_FACTOR + 1
    with pytest.raises(InternalError, match="too busy"):
        patience()


def test_two_that_work_in_turns_are_charged_together(begin: Callable[[str], int]) -> None:
    """A judge sleeps while its session works, and is not charged while that waits."""
    for rival in [begin(BUSY) for _ in range(RIVALS)]:
        wait_for_work(rival)
    sleeper, busy = begin(SLEEPY), begin(BUSY)
    wait_for_sleep(sleeper)
    before = computed(busy)
    charged, passed = followed(sleeper, busy, until=lambda _: computed(busy) - before > 0.3)
    assert charged < 0.6 * passed


def test_what_we_wait_ourselves_is_not_charged(begin: Callable[[str], int]) -> None:
    """A reply that lies there while we wait for a processor to read it was not late."""
    sleeper = begin(SLEEPY)
    wait_for_sleep(sleeper)
    found: list[tuple[float, float]] = []

    def wait_for_a_processor() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # of this thread
        meter = Meter(sleeper, for_us=True)
        began, before = time.monotonic(), delay_of_this_thread()
        while delay_of_this_thread() < before + 0.3:
            pass
        found.append((meter.end(), time.monotonic() - began))
        meter.close()

    for rival in [begin(BUSY) for _ in range(RIVALS)]:
        wait_for_work(rival)
    thread = threading.Thread(target=wait_for_a_processor)
    thread.start()
    thread.join()
    charged, passed = found[0]
    assert charged < passed - 0.25
