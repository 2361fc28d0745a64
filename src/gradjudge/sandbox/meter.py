"""Measure how long processes were at work: computing or sleeping, but not waiting for a processor.

Linux has both figures: a CPU-time clock per process, and in ``/proc/PID/task/*/schedstat`` how long each thread was
runnable but not running ("run delay", see the kernel's ``Documentation/scheduler/sched-stats.rst``). A wait is added to
the run delay once it is over; a thread that is still waiting shows as runnable in ``stat``.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Final

CLOSE_LOOK: Final = 0.01
"""Seconds after which every thread of a process is read; before that its first thread is enough."""
WALL_FACTOR: Final = 10.0
"""Maximum wall seconds per second at work; a busier machine is unfit for grading."""
_LINE: Final = 1024


class Meter:
    """Charge the time of processes that work in turns, such as a judge and its session.

    Args:
        pids: the processes.
        for_us: this thread sleeps until they have done something; its own waits for a processor are not charged.

    Attributes:
        waited: seconds not charged, up to the last `end`.
        stalled: whether, at the last charge, a thread was runnable but none had run since the charge before: its wait
            is not counted yet.
    """

    def __init__(self, *pids: int, for_us: bool = False) -> None:
        self.waited = 0.0
        self._our_delay = 0.0
        self._processes = [_Process(pid) for pid in pids]
        self._us = _open(f"/proc/self/task/{threading.get_native_id()}/schedstat") if for_us else -1
        self.begin()

    def begin(self) -> None:
        """Start charging now."""
        self._began = time.monotonic()
        self._computed = self._delayed = 0.0
        self.stalled = False
        self._update(closely=False)
        self._computed = self._delayed = 0.0

    def charge(self) -> float:
        """Return the seconds since `begin` that the processes computed or slept."""
        passed = time.monotonic() - self._began
        self._update(closely=passed >= CLOSE_LOOK)
        return min(passed, max(self._computed, passed - self._delayed))

    def end(self) -> float:
        """Return the final charge, and add the rest of the time to `waited`."""
        charged = self.charge()
        self.waited += max(time.monotonic() - self._began - charged, 0.0)
        return charged

    def _update(self, *, closely: bool) -> None:
        readings = [process.read(closely=closely) for process in self._processes]
        computed = sum(reading[0] for reading in readings)
        self._computed += computed
        self._delayed += sum(reading[1] for reading in readings) + self._own_delay()
        self.stalled = computed == 0.0 and any(reading[2] for reading in readings)

    def _own_delay(self) -> float:
        before, self._our_delay = self._our_delay, _delay(_read(self._us))
        return self._our_delay - before

    def close(self) -> None:
        """Close the descriptors."""
        for process in self._processes:
            process.close()
        _close(self._us)
        self._us = -1


class _Process:
    """The kernel's figures for one process; zero once it is gone."""

    def __init__(self, pid: int) -> None:
        self._first_thread = str(pid)
        self._clock = (~pid << 3) | 2  # clock_getcpuclockid(3), which Python does not offer
        # Held open: they stay this process's even if its pid is reused.
        self._tasks = _open(f"/proc/{pid}/task", os.O_DIRECTORY)
        self._first = _open(f"/proc/{pid}/task/{pid}/schedstat")
        self._computed = 0.0
        self._delays: dict[str, float] = {}
        self.read(closely=True)

    def read(self, *, closely: bool) -> tuple[float, float, bool]:
        """Return the seconds computed and waited since the last call, and whether a thread is runnable."""
        before, self._computed = self._computed, self._seconds_computed()
        delays, ready = self._all_threads() if closely else ({self._first_thread: _delay(_read(self._first))}, False)
        # All of a new thread's delay counts.
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
        """Close the descriptors."""
        _close(self._first)
        _close(self._tasks)
        self._first = self._tasks = -1


def _open(path: str, flags: int = 0, within: int | None = None) -> int:
    """Open for reading; -1 if that fails."""
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
    """Return the seconds in the second field of a ``schedstat`` (nanoseconds); 0 if this kernel does not count."""
    numbers = text.split()
    return int(numbers[1]) / 1e9 if len(numbers) > 1 else 0.0


def _is_ready(text: bytes) -> bool:
    """Tell whether a ``stat`` shows a runnable thread; the state follows the name in parentheses."""
    return text.rpartition(b")")[2].split()[:1] == [b"R"]
