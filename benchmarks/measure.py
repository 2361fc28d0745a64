"""Run a command and measure it: wall seconds, CPU seconds of all its processes, and the memory of its process tree."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class BrokenRun(Exception):
    """A run that must not be timed: it failed, or its scores are not the expected ones."""


@dataclass(frozen=True)
class Measured:
    """What one run took.

    Attributes:
        wall: seconds from start to end.
        cpu: CPU seconds, user and system, of the command and all of its descendants that were waited for.
        peak_mb: largest sum of PSS over its process tree that was seen, in MB (10**6 bytes); 0 if not sampled.
        unread: processes of which memory could not be read at some sample (another user's, or guarded).
        others: cores that the rest of the machine kept busy meanwhile, on average.
        output: what it printed.
    """

    wall: float
    cpu: float
    peak_mb: float
    unread: int
    others: float
    output: str


def run(
    command: Sequence[str], log: Path, *, folder: Path, env: dict[str, str] | None = None, sample: float = 0.0
) -> Measured:
    """Run `command` to its end.

    Args:
        log: file for its output.
        folder: where it runs.
        env: variables besides this process's own.
        sample: seconds between two looks at its memory; 0 for none.

    Raises:
        BrokenRun: it ended with an exit code other than 0; the end of its output is in the message.
    """
    before, busy = _children_cpu(), _machine_cpu()
    with log.open("wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=folder,
            env={**os.environ, **(env or {})},
        )
        with MemoryWatch(process.pid, sample) as memory:
            code = process.wait()
        wall = time.perf_counter() - start
    output = log.read_text(encoding="utf-8", errors="replace")
    if code:
        raise BrokenRun(f"{' '.join(command[:4])} ... ended with exit code {code}:\n{output[-3000:]}")
    cpu = _children_cpu() - before
    others = max(_machine_cpu() - busy - cpu, 0.0) / wall
    return Measured(wall, cpu, memory.peak / 1e6, memory.unread, others, output)


def _machine_cpu() -> float:
    """Return the CPU seconds of all cores, those stolen by a hypervisor included, idle ones not."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class MemoryWatch:
    """Sample the proportional set size (PSS) of a process and its descendants, and keep the maximum.

    PSS shares each page among the processes that map it, so a forked family is not counted many times over.
    """

    def __init__(self, root: int, every: float) -> None:
        self.peak = 0
        self.unread = 0
        self._root = root
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        """Start sampling."""
        if self._every:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._over.set()
        if self._every:
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            sizes = [_pss(pid) for pid in family(self._root)]
            self.peak = max(self.peak, sum(size for size in sizes if size))
            self.unread = max(self.unread, sizes.count(None))


def family(root: int) -> list[int]:
    """Return a process and all of its living descendants."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:  # it grows while it is read
        found += children.get(pid, [])
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # it has ended
                continue
            yield int(entry.name), int(stat.rpartition(")")[2].split()[1])


def _pss(pid: int) -> int | None:
    """Return a process's PSS in bytes; 0 if it has ended, None if this user may not know."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except PermissionError:
        return None
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


@dataclass(frozen=True)
class Rate:
    """Start-up time and rate, from runs on two cohorts.

    Attributes:
        few, many: sizes of the two cohorts.
        each: wall seconds for each submission after start-up, ``(t(many) - t(few)) / (many - few)``.
        cpu: the same in CPU seconds.
        start: ``t(few) - few * each``.
        whole: wall seconds of the run on `many`.
        peak_mb, unread: memory, see `Measured`.
        repeats: pairs of runs; figures are medians over them.
    """

    few: int
    many: int
    each: float
    cpu: float
    start: float
    whole: float
    peak_mb: float
    unread: int
    repeats: int


def rate(few: int, many: int, runs_few: Sequence[Measured], runs_many: Sequence[Measured]) -> Rate:
    """Take medians over the repeats of each cohort, then their difference."""
    short, long = median(m.wall for m in runs_few), median(m.wall for m in runs_many)
    each = (long - short) / (many - few)
    cpu = (median(m.cpu for m in runs_many) - median(m.cpu for m in runs_few)) / (many - few)
    runs = (*runs_few, *runs_many)
    return Rate(
        few, many, each, cpu, short - few * each, long,
        max(m.peak_mb for m in runs), max(m.unread for m in runs), len(runs_many),
    )  # fmt: skip
