"""Time the parts of grading: a session, a judge, a round trip, a gradcheck through the proxy.

Prints the median and the least of several tries in one run; gradchecks also as multiples of the same gradcheck without
a trust line. See README.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import sympy  # noqa: F401  # the first gradcheck would import it
import torch
from measure import BrokenRun
from submissions import ASSIGNMENT, read_cells, write_gradjudge_course

from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.judge.proxy.student import Student
from gradjudge.sandbox.client import JailedSession
from gradjudge.sandbox.policy import Policy
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.messages import CellDone, Get, Ref, Reply, Request, RunCell

TRIPS = 300


class Counted:
    """Ask a session, and count the requests."""

    def __init__(self, session: JailedSession) -> None:
        self.trips = 0
        self._session = session

    def __call__(self, request: Request) -> Reply:
        """Ask once more."""
        self.trips += 1
        return self._session.ask(request, seconds=20.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20, help="how often each is tried [20]")
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    print(f"{'milliseconds':44}{'median':>10}{'least':>10}")
    with tempfile.TemporaryDirectory(prefix="gradjudge-start-") as folder:
        _sessions(Path(folder), repeats)
        _judges(Path(folder), repeats)


def _sessions(folder: Path, repeats: int) -> None:
    scratch = folder / "scratch"
    scratch.mkdir()
    start = time.perf_counter()
    with Zygote.start(scratch=scratch) as zygote:
        zygote.wait_ready()
        _line("zygote: start to ready", [time.perf_counter() - start])
        policy = Policy(scratch=scratch)
        _line("session: spawn, jail and all, and close", _tries(lambda: zygote.spawn(policy).close(), repeats))
        first = zygote.spawn(policy)
        _line("session: its first cell", _tries(lambda: _run_cell(first, 0, "a = 1"), 1))
        _line("session: a later cell", _tries(lambda: _run_cell(first, 1, "a = 1"), repeats))
        _line("round trip: one number", _tries(lambda: first.ask(Get(Ref("a")), seconds=20.0), TRIPS))
        first.close()
        _gradchecks(zygote.spawn(policy), repeats)


def _gradchecks(session: JailedSession, repeats: int) -> None:
    """Run gradcheck of Linear within one process and across the trust boundary."""
    namespace: dict[str, Any] = {}
    for index, name in enumerate(("imports", "linear")):
        source = read_cells("cells.py")[name]
        exec(compile(source, name, "exec"), namespace)  # noqa: S102  # our own cells
        _run_cell(session, index, source)
    generator = torch.Generator().manual_seed(1)
    shapes = [(5, 13), (13, 3), (3,)]
    inputs = [torch.randn(*shape, dtype=torch.float64, generator=generator, requires_grad=True) for shape in shapes]
    ask = Counted(session)
    student = Student(ask)
    within = _gradcheck(lambda: torch.autograd.gradcheck(namespace["Linear"].apply, inputs), repeats)
    _line("gradcheck of Linear: in one process", within)
    ask.trips = 0
    tries = _gradcheck(lambda: gradcheck(student.Linear, inputs, rng=generator), repeats)
    trips = ask.trips // (repeats + 1)
    _line("gradcheck of Linear: prefetching", tries, f"{min(tries) / min(within):6.2f} times; {trips} round trips")
    session.close()


def _gradcheck(run: Callable[[], bool | None], repeats: int) -> list[float]:
    """Time a gradcheck, without the first run, which imports modules. That of the hidden tests returns None."""
    if run() is False:
        raise BrokenRun("a gradcheck that must pass does not")
    return _tries(run, repeats)


def _judges(folder: Path, repeats: int) -> None:
    """Time a judge on an empty file, without a session: fork, read, report, end."""
    write_gradjudge_course(folder / "course", 1)
    empty = folder / "empty.ipynb"
    empty.touch()
    start = time.perf_counter()
    with Supervisor(Course(folder / "course"), (ASSIGNMENT,)) as supervisor:
        _line("supervisor: zygote and judge host, side by side", [time.perf_counter() - start])
        job = Job("nobody", ASSIGNMENT, str(empty), "")
        if supervisor.judge(job).state != "failed":
            raise BrokenRun("an empty file is not judged as one")
        _line("judge: fork, read an empty file, end", _tries(lambda: supervisor.judge(job), repeats))


def _run_cell(session: JailedSession, index: int, source: str) -> None:
    done = session.ask(RunCell(index, source, "ipython"), seconds=20.0)
    if not isinstance(done, CellDone) or done.error is not None:
        raise BrokenRun(f"a cell that must run does not: {done}")


def _tries(run: Callable[[], object], repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def _line(name: str, seconds: list[float], more: str = "") -> None:
    print(f"{name:44}{median(seconds) * 1e3:10.2f}{min(seconds) * 1e3:10.2f}   {more}".rstrip())


if __name__ == "__main__":
    main()
