"""Time gradjudge and nbgrader in one run on the same submissions, beside the floor that neither can go under.

See README.md for what each printed line means. Exit code 1, and no figures, if a grader's scores are not the expected
ones.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain, zip_longest
from pathlib import Path
from statistics import median

from graders import Gradjudge, Nbgrader, compare
from measure import BrokenRun, Measured, Rate, rate, run
from submissions import write_submissions

FIRST_TARGET = 20
LATER_TARGET = 50
#: Seconds between two looks at the memory of a process tree: nbgrader's kernels live for seconds, our judges do not.
SAMPLE_NBGRADER = 0.25
SAMPLE_GRADJUDGE = 0.02

#: Cores that others may keep busy before the figures come with a warning.
MOST_OTHERS = 0.1

#: Judging and reporting overlap a little beyond `jobs`, and clocks tick: CPU seconds below this share are let pass.
CLOCK_ERROR = 0.9

Step = tuple[str, Callable[[], None]]


@dataclass(frozen=True)
class Plan:
    """What is run: cohorts of nbgrader and of gradjudge (few, many), and how often."""

    nbgrader: tuple[int, int]
    gradjudge: tuple[int, int]
    jobs: int
    repeats: int
    nbgrader_repeats: int


@dataclass
class Results:
    """Runs by grader and cohort size; the floor's seconds per submission, wall and CPU, by jobs."""

    nbgrader: dict[int, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    gradjudge: dict[tuple[int, int], list[Measured]] = field(default_factory=lambda: defaultdict(list))
    floor: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    memory: Measured | None = None
    jail: frozenset[str] = frozenset()


class Session:
    """All runs of one benchmark, alternating so that disturbances affect both graders alike."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.results = Results()
        self._folder = folder
        self._ours = Gradjudge(folder)
        self._theirs: Nbgrader | None = None

    def steps(self) -> Iterator[Step]:
        """Yield the runs: alternate rounds of gradjudge and nbgrader."""
        yield "nbgrader generate_assignment (not timed)", self._prepare
        # The first run reads gigabytes of libraries from the disk: in t(N1) it would make the rate too good.
        yield "gradjudge grade, 2 submissions, to warm up (not timed)", self._warm_up
        rounds = [list(self._round_of_ours()) for _ in range(self.plan.repeats)]
        counts = [count for _ in range(self.plan.nbgrader_repeats) for count in self.plan.nbgrader]
        theirs = [[(f"nbgrader autograde, {count} submissions", self._nbgrader(count))] for count in counts]
        yield from chain.from_iterable(chain.from_iterable(zip_longest(rounds, theirs, fillvalue=())))
        many = self.plan.gradjudge[0]
        yield f"gradjudge grade --jobs {self.plan.jobs}, {many} submissions, for its memory (not timed)", self._memory

    def _round_of_ours(self) -> Iterator[Step]:
        few = self.plan.gradjudge[0]
        for jobs in sorted({self.plan.jobs, 1}, reverse=True):
            for count in self.plan.gradjudge:
                yield f"gradjudge grade --jobs {jobs}, {count} submissions", self._gradjudge(jobs, count)
            yield f"floor, {jobs} at a time, {few} submissions", self._floor(jobs, few)

    def _prepare(self) -> None:
        self._theirs = Nbgrader(self._folder)

    def _warm_up(self) -> None:
        self._ours.grade(2, jobs=self.plan.jobs)

    def _nbgrader(self, count: int) -> Callable[[], None]:
        def step() -> None:
            assert self._theirs is not None
            self.results.nbgrader[count].append(self._theirs.grade(count, sample=SAMPLE_NBGRADER))

        return step

    def _gradjudge(self, jobs: int, count: int) -> Callable[[], None]:
        return lambda: self.results.gradjudge[jobs, count].append(self._ours.grade(count, jobs=jobs))

    def _memory(self) -> None:
        few = self.plan.gradjudge[0]
        self.results.memory = self._ours.grade(few, jobs=self.plan.jobs, sample=SAMPLE_GRADJUDGE)
        self.results.jail = self._ours.jail

    def _floor(self, jobs: int, count: int) -> Callable[[], None]:
        def step() -> None:
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            write_submissions(folder / "submitted", count)
            command = [sys.executable, str(Path(__file__).with_name("floor.py")), str(folder / "submitted"), str(jobs)]
            told = json.loads(run(command, folder / "floor.log", folder=folder).output)
            compare("the floor", told["scores"], count)
            self.results.floor[jobs].append((told["wall"] / count, told["cpu"] / count))

        return step


def main() -> int:
    """Run everything, then print the figures; return the exit code."""
    plan, quiet = _arguments()
    with tempfile.TemporaryDirectory(prefix="gradjudge-supervisor-") as folder:
        session = Session(plan, Path(folder))
        try:
            for name, step in session.steps():
                if not quiet:
                    print(f"... {name}", file=sys.stderr, flush=True)
                step()
        except BrokenRun as broken:
            print(f"BROKEN RUN, no figures: {broken}", file=sys.stderr)
            return 1
    show(plan, session.results)
    return 0


def _arguments() -> tuple[Plan, bool]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    pair = {"nargs": 2, "type": int, "metavar": ("N1", "N2")}
    parser.add_argument("--nbgrader", **pair, default=[3, 6], help="its two cohorts; 4 to 6 s each [3 6]")
    parser.add_argument("--gradjudge", **pair, default=[20, 40], help="our two cohorts [20 40]")
    parser.add_argument("--full", action="store_true", help="nbgrader on our cohorts, too: some minutes")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="at a time [one per core]")
    parser.add_argument("--repeats", type=int, default=3, help="of each run of ours; medians are taken [3]")
    parser.add_argument("--nbgrader-repeats", type=int, default=1, help="of each run of nbgrader [1]")
    parser.add_argument("--quiet", action="store_true", help="do not say what is being run")
    given = parser.parse_args()
    theirs = given.gradjudge if given.full else given.nbgrader
    for few, many in (theirs, given.gradjudge):
        if not 2 <= few < many:
            parser.error(f"cohorts of {few} and {many}: two numbers are needed, the first at least 2 and the smaller")
    if min(given.jobs, given.repeats, given.nbgrader_repeats) < 1:
        parser.error("jobs and repeats are at least 1")
    plan = Plan(tuple(theirs), tuple(given.gradjudge), given.jobs, given.repeats, given.nbgrader_repeats)
    return plan, given.quiet


def show(plan: Plan, results: Results) -> None:
    """Print the figures."""
    theirs = rate(*plan.nbgrader, *(results.nbgrader[count] for count in plan.nbgrader))
    few, many = plan.gradjudge
    ours = {
        jobs: rate(few, many, results.gradjudge[jobs, few], results.gradjudge[jobs, many])
        for jobs in sorted({plan.jobs, 1}, reverse=True)
    }
    _show_conditions(results)
    print(f"\n{'':28}{'start-up s':>11}{'s each':>9}{'CPU-s each':>12}   measured on")
    _row("nbgrader autograde", theirs)
    for jobs, one in ours.items():
        _row(f"gradjudge grade --jobs {jobs}", one)
    floors = {jobs: _medians(results.floor[jobs]) for jobs in ours}
    for jobs, (wall, cpu) in floors.items():
        print(f"{f'floor, {jobs} at a time':28}{'':11}{wall:9.4f}{cpu:12.4f}   {few} x {plan.repeats}")
    print()
    _show_ratios(plan, theirs, ours, floors)
    _show_memory(plan, theirs, results.memory)


def _show_conditions(results: Results) -> None:
    names = ("gradjudge", "nbgrader", "torch", "scikit-learn")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"machine   {len(os.sched_getaffinity(0))} cores, {platform.platform()}")
    _show_others([run for runs in (*results.nbgrader.values(), *results.gradjudge.values()) for run in runs])
    print(f"versions  Python {platform.python_version()}, {versions}")
    print("work      2 gradchecks and 200 epochs on diabetes; one submission of each cohort is wrong")
    print(f"jail      {', '.join(sorted(results.jail))}")
    print("scores    nbgrader, gradjudge and the floor: the expected ones and the same, item by item, in every run")


def _show_others(runs: list[Measured]) -> None:
    usual, worst = median(run.others for run in runs), max(run.others for run in runs)
    print(f"others    kept {usual:.2f} cores busy during the median run, {worst:.2f} during the worst")
    if usual > MOST_OTHERS:
        print("          THE MACHINE WAS BUSY: times are not to be trusted, CPU seconds and their ratios a bit more")


def _row(name: str, one: Rate) -> None:
    print(f"{name:28}{one.start:11.2f}{one.each:9.4f}{one.cpu:12.4f}   {one.few} and {one.many} x {one.repeats}")


def _show_ratios(plan: Plan, theirs: Rate, ours: dict[int, Rate], floors: dict[int, tuple[float, float]]) -> None:
    best, few = ours[plan.jobs], plan.gradjudge[0]
    for jobs, one in ours.items():
        print(f"rate after start-up, --jobs {jobs}       {theirs.each / one.each:6.1f} times nbgrader's")
    doubts = _doubts(theirs, ours, floors)
    for target in (FIRST_TARGET, LATER_TARGET):
        answer = "reached" if theirs.each >= target * best.each else "not reached"
        print(f"target {target:3} times                   {'cannot be told' if doubts else answer}")
    for doubt in doubts:
        print(f"NOT A SOUND RUN: {doubt}; measure again on a quiet machine, with more --repeats")
    whole = (theirs.start + few * theirs.each) / (best.start + few * best.each)
    print(f"{few} submissions, start-up and all  {whole:6.1f} times as fast (nbgrader's {few} from its rate)")
    print(f"CPU seconds for each             {theirs.cpu / best.cpu:6.1f} times fewer than nbgrader")
    for jobs, (wall, cpu) in floors.items():
        one = ours[jobs]
        print(
            f"above the floor, --jobs {jobs}        {one.each / wall:6.2f} times its time, {one.cpu / cpu:.2f} its CPU"
        )


def _doubts(theirs: Rate, ours: dict[int, Rate], floors: dict[int, tuple[float, float]]) -> list[str]:
    """Return implausible figures, so that a disturbed run is not taken for a fast one."""
    doubts = []
    if theirs.start <= 0:
        doubts.append("nbgrader's start-up is not above 0")
    for jobs, one in ours.items():
        if one.start <= 0:
            doubts.append(f"the start-up of --jobs {jobs} is not above 0")
        if one.each <= floors[jobs][0]:
            doubts.append(f"--jobs {jobs} is faster than its floor")
        if one.each * min(jobs, len(os.sched_getaffinity(0))) < one.cpu * CLOCK_ERROR:
            doubts.append(f"--jobs {jobs} takes more CPU seconds than its cores have in its time")
    return doubts


def _show_memory(plan: Plan, theirs: Rate, ours: Measured | None) -> None:
    if ours is None:
        return
    print(
        f"peak memory, nbgrader            {theirs.peak_mb:6.0f} MB (PSS of the process tree){_unread(theirs.unread)}"
    )
    print(
        f"peak memory, --jobs {plan.jobs}            {ours.peak_mb:6.0f} MB, {ours.peak_mb / theirs.peak_mb:.2f} times",
        end="",
    )
    print(f" nbgrader's{_unread(ours.unread)}")


def _unread(count: int) -> str:
    return f"; too low: up to {count} processes could not be read by this user" if count else ""


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return median(wall for wall, _ in pairs), median(cpu for _, cpu in pairs)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
