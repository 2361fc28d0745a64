"""Tell how long processes were at work: what they compute and what they sleep, not what they wait for a processor.

Linux counts both: the time that a process has computed is a clock of its own, and ``/proc/PID/task/*/schedstat`` says
how long each of its threads was ready to compute and was not let ("run delay", see the kernel's
``Documentation/scheduler/sched-stats.rst``). The run delay is counted once a wait is over; who still waits shows as
runnable in ``stat``.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Final

CLOSE_LOOK: Final = 0.01
"""Seconds from which on it is worth looking at every thread of a process; before, its first thread tells enough."""
WALL_FACTOR: Final = 10.0
"""Wall seconds that a second at work may take. A machine that is busier than that is no place to grade on."""
_LINE: Final = 1024


class Meter:
    """Charge the time of processes that work in turns, such as a judge and its session.

    Args:
        pids: the processes.
        for_us: this thread sleeps until they have done something. What it waits for a processor then is ours.

    Attributes:
        waited: seconds that were not charged, up to the last `end`.
        stalled: whether, at the last charge, one was ready to compute and none had computed since the charge before:
            what it waits is not counted yet.
    """

    def __init__(self, *pids: int, for_us: bool = False) -> None:
        self.waited = 0.0
        self._our_delay = 0.0
        self._processes = [_Process(pid) for pid in pids]
        self._us = _open(f"/proc/self/task/{threading.get_native_id()}/schedstat") if for_us else -1
        self.begin()

    def begin(self) -> None:
        """Charge from now on."""
        self._began = time.monotonic()
        self._computed = self._delayed = 0.0
        self.stalled = False
        self._look(closely=False)
        self._computed = self._delayed = 0.0

    def charge(self) -> float:
        """Return the seconds since `begin` that the processes computed or slept."""
        passed = time.monotonic() - self._began
        self._look(closely=passed >= CLOSE_LOOK)
        return min(passed, max(self._computed, passed - self._delayed))

    def end(self) -> float:
        """Return the last charge, and count what was not charged as waited."""
        charged = self.charge()
        self.waited += max(time.monotonic() - self._began - charged, 0.0)
        return charged

    def _look(self, *, closely: bool) -> None:
        looks = [process.look(closely=closely) for process in self._processes]
        computed = sum(look[0] for look in looks)
        self._computed += computed
        self._delayed += sum(look[1] for look in looks) + self._waited_ourselves()
        self.stalled = computed == 0.0 and any(look[2] for look in looks)

    def _waited_ourselves(self) -> float:
        before, self._our_delay = self._our_delay, _delay(_read(self._us))
        return self._our_delay - before

    def close(self) -> None:
        """Let go of the processes."""
        for process in self._processes:
            process.close()
        _close(self._us)
        self._us = -1


class _Process:
    """What the kernel says of one process; a process that is gone waits for nothing."""

    def __init__(self, pid: int) -> None:
        self._first_thread = str(pid)
        self._clock = (~pid << 3) | 2  # clock_getcpuclockid(3), which Python does not offer
        # Held open: they stay this process's, whoever gets the number later.
        self._tasks = _open(f"/proc/{pid}/task", os.O_DIRECTORY)
        self._first = _open(f"/proc/{pid}/task/{pid}/schedstat")
        self._computed = 0.0
        self._delays: dict[str, float] = {}
        self.look(closely=True)

    def look(self, *, closely: bool) -> tuple[float, float, bool]:
        """Return the seconds computed and waited since the last look, and whether a thread is ready to compute."""
        before, self._computed = self._computed, self._seconds_computed()
        delays, ready = self._all_threads() if closely else ({self._first_thread: _delay(_read(self._first))}, False)
        # A thread that was not there at the last look may have waited since it began.
        delayed = sum(max(delay - self._delays.get(thread, 0.0), 0.0) for thread, delay in delays.items())
        self._delays = delays if closely else self._delays | delays
        return max(self._computed - before, 0.0), delayed, ready

    def _seconds_computed(self) -> float:
        try:
            return time.clock_gettime(self._clock) if self._first >= 0 else self._computed
        except OSError:
            return self._computed

    def _all_threads(self) -> tuple[dict[str, float], bool]:
        delays: dict[str, float] = {}
        ready = False
        for thread in self._threads():
            for name in ("schedstat", "stat"):
                fd = _open(f"{thread}/{name}", within=self._tasks)
                text = _read(fd)
                _close(fd)
                if name == "schedstat":
                    delays[thread] = _delay(text)
                else:
                    ready = ready or _is_ready(text)
        return delays, ready

    def _threads(self) -> list[str]:
        with contextlib.suppress(OSError):
            return os.listdir(self._tasks) if self._tasks >= 0 else []  # noqa: PTH208  # a descriptor has no path
        return []

    def close(self) -> None:
        """Let go of it."""
        _close(self._first)
        _close(self._tasks)
        self._first = self._tasks = -1


def _open(path: str, flags: int = 0, within: int | None = None) -> int:
    """Open for reading; -1 if that is not there."""
    with contextlib.suppress(OSError):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags, dir_fd=within)
    return -1


def _read(fd: int) -> bytes:
    with contextlib.suppress(OSError):
        return os.pread(fd, _LINE, 0) if fd >= 0 else b""
    return b""


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)


def _delay(text: bytes) -> float:
    """Read the second number of a ``schedstat``: nanoseconds; 0 where this kernel does not count."""
    numbers = text.split()
    return int(numbers[1]) / 1e9 if len(numbers) > 1 else 0.0


def _is_ready(text: bytes) -> bool:
    """Read the state in a ``stat``, which follows the name in parentheses."""
    return text.rpartition(b")")[2].split()[:1] == [b"R"]
