"""Calibrate the thresholds of ``grading.toml`` on right and wrong solutions.

The solution is graded under many course seeds, and each report keeps what a threshold was compared with (see
`gradjudge.judge.bounds`). The tail beyond the 90 % quantile is modelled as exponential (peaks over threshold, Pickands
1975, shape 0): with mean excess m over the quantile u, a run is worse than u + m ln(0.1 / p) with probability p. The
bound is that value at the target false-reject rate, but never tighter than the worst run, nor than 1 % off the mean.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import tomlkit

from gradjudge.authoring.release.source_notebook import read_source
from gradjudge.authoring.verify.corpus import Case, read_corpus
from gradjudge.authoring.verify.mutants import base_file, program_of
from gradjudge.cohort.supervisor import Supervisor, judges
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment
from gradjudge.errors import CourseError
from gradjudge.files import write_atomically
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

TAIL = 0.1
#: Relative margin for other machines, also where a deterministic outcome has no tail.
MARGIN = 0.01
DIGITS = 3


class Sample(msgspec.Struct, frozen=True):
    """What right runs reached for one threshold.

    Attributes:
        item: the item of the check that compares with it.
        side: ``"most"`` if a run must be at most the bound, ``"least"`` if at least.
        values: one number per run.
    """

    name: str
    item: str
    side: str
    values: tuple[float, ...]

    def bound(self, aim: float) -> float:
        """Return the bound that a right run misses with probability `aim`, rounded to the lenient side."""
        sign = 1.0 if self.side == "most" else -1.0
        bad = sorted(sign * value for value in self.values)
        quantile = bad[min(len(bad) - 1, math.ceil((1 - TAIL) * len(bad)))]
        excess = [value - quantile for value in bad if value > quantile]
        tail = quantile + (statistics.fmean(excess) * math.log(TAIL / aim) if excess else 0.0)
        mean = statistics.fmean(bad)
        return sign * _rounded_up(max(tail, bad[-1], mean + MARGIN * abs(mean)))

    def method(self, aim: float) -> str:
        """Describe how the bound was found, for ``grading.toml``."""
        worst = max(self.values) if self.side == "most" else min(self.values)
        spread = statistics.pstdev(self.values)
        return (
            f"gradjudge calibrate: {len(self.values)} runs of the solution, mean {statistics.fmean(self.values):.4g}, "
            f"standard deviation {spread:.2g}, worst {worst:.4g}; exponential tail beyond the 90 % quantile, aimed at "
            f"rejecting less than 1 right run in {round(1 / aim)}."
        )

    def meets(self, value: float, bound: float) -> bool:
        """Tell whether `value` meets a bound; NaN never does."""
        return value <= bound if self.side == "most" else value >= bound


class Calibrated(msgspec.Struct, frozen=True):
    """The present and the calibrated bound of one threshold.

    Attributes:
        now: the bound in ``grading.toml``.
        bound: the calibrated one.
        met_by: chaffs that should lose points of the item but meet the present bound: mistakes that the outcome does
            not show.
        faults: of the present bound, one line each.
    """

    name: str
    side: str
    now: float
    bound: float
    method: str
    met_by: tuple[str, ...]
    faults: tuple[str, ...]


class CalibrationSettings(msgspec.Struct, frozen=True):
    """How much to run.

    Attributes:
        runs: gradings of the solution.
        aim: target false-reject rate.
        device: ``"cpu"`` or ``"cuda"``.
        jobs: submissions at a time.
    """

    runs: int = 200
    aim: float = 0.001
    device: str = "cpu"
    jobs: int = 2


def calibrate(
    course: Course, name: str, plan: CalibrationSettings, *, sandbox: str, say: Callable[[str], None]
) -> list[Calibrated]:
    """Calibrate every threshold that an assignment's checks use.

    Raises:
        CourseError: the hidden tests cannot be collected; the solution loses points of an item without thresholds, or
            does not reach a finite number in every run.
    """
    assignment = course.rubric.assignment(name)
    if not assignment.thresholds:
        return []
    cases = [case for case in read_corpus(course, assignment) if case.kind == "chaff"]
    with TemporaryDirectory(prefix="gradjudge-calibrate-") as scratch:
        base = base_file(Path(scratch), program_of(read_source(course.source(name))), name)
        files = {case.name: case.write(Path(scratch) / "wrong" / case.name) for case in cases}
        with (
            Supervisor(course, (name,), device=plan.device, sandbox=sandbox) as supervisor,
            judges(supervisor, plan.jobs) as pool,
        ):
            if supervisor.problems:
                raise CourseError("\n".join(supervisor.problems))
            say(f"{name}: {plan.runs} runs of the solution")
            jobs = [Job("calibrate", name, str(base), seed=f"calibrate {run}") for run in range(plan.runs)]
            runs = list(pool.map(supervisor.judge, jobs))
            refuse_losses(runs)
            say(f"{name}: {len(files)} chaffs")
            wrong = dict(
                zip(files, pool.map(supervisor.judge, [Job("x", name, str(f)) for f in files.values()]), strict=True)
            )
    return [_calibrated(sample, assignment, plan, wrong, cases) for sample in samples(assignment, runs)]


def refuse_losses(runs: Sequence[Report]) -> None:
    """Refuse a solution that loses points for other reasons than the bounds.

    Raises:
        CourseError: it loses points of an item without thresholds.
    """
    for number, run in enumerate(runs):
        bounded = {one.item for one in run.run.bounds.values()}
        for name, item in run.verdict.items.items():
            if item.kind == "auto" and item.points < item.max and name not in bounded:
                raise CourseError(
                    f"the solution gets {item.points:g} of {item.max:g} points of '{name}' in run {number + 1}, "
                    "which no threshold decides. Mend it or the hidden tests, and calibrate then."
                )


def samples(assignment: Assignment, runs: Sequence[Report]) -> list[Sample]:
    """Gather what each threshold was compared with; an unused one has no sample."""
    found = []
    for name in assignment.thresholds:
        compared = [run.run.bounds[name] for run in runs if name in run.run.bounds]
        if compared:
            first = compared[0]
            found.append(
                Sample(
                    name,
                    first.item,
                    first.side,
                    tuple(math.nan if one.value is None else one.value for one in compared),
                )
            )
    return found


def _calibrated(
    sample: Sample, assignment: Assignment, plan: CalibrationSettings, wrong: dict[str, Report], cases: Sequence[Case]
) -> Calibrated:
    if diverged := sum(not math.isfinite(value) for value in sample.values):
        raise CourseError(
            f"{sample.name}: {diverged} of {len(sample.values)} runs of the solution reach no finite number, so there "
            "is no bound that they meet. Mend the solution, or the check that compares."
        )
    now, bound = assignment.threshold(sample.name).on(plan.device), sample.bound(plan.aim)
    reached = {
        case.name: math.nan if compared.value is None else compared.value
        for case in cases
        if sample.item in case.loses and (compared := wrong[case.name].run.bounds.get(sample.name)) is not None
    }
    met_by = tuple(name for name, value in reached.items() if sample.meets(value, now))
    loose = [name for name in met_by if not sample.meets(reached[name], bound)]
    rejected = sum(not sample.meets(value, now) for value in sample.values)
    faults = []
    if rejected:
        faults.append(f"rejects {rejected} of {len(sample.values)} runs of the solution")
    elif not sample.meets(bound, now):
        faults.append(f"is nearer to right runs than {bound:g}, which rejects one in {round(1 / plan.aim)}")
    if loose:
        faults.append(f"is met by wrong solutions that {bound:g} keeps out: {', '.join(loose)}")
    return Calibrated(sample.name, sample.side, now, bound, sample.method(plan.aim), met_by, tuple(faults))


def _rounded_up(value: float) -> float:
    """Round to three significant digits, upwards."""
    if not value or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    return round(math.ceil(value / step - 1e-9) * step, 12)


def write_bounds(path: Path, name: str, found: Sequence[Calibrated]) -> None:
    """Write bounds and their methods into ``grading.toml``; comments and order stay as they are.

    Raises:
        CourseError: the file cannot be written.
    """
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    table = document["assignments"][name]["thresholds"]
    for one in found:
        table[one.name]["value"] = one.bound
        table[one.name]["method"] = one.method
    try:
        write_atomically(path, tomlkit.dumps(document).encode())
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from error


def unused(assignment: Assignment, found: Sequence[Calibrated]) -> list[str]:
    """Return the thresholds that no check used."""
    return [name for name in assignment.thresholds if name not in {one.name for one in found}]
