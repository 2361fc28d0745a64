"""Judge files for verification, as real submissions, several at a time, under any seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gradjudge.cohort.supervisor import Supervisor, judges
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment
from gradjudge.errors import CourseError
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

#: Limits for mutants, many of which never end.
MUTANT_CHECK_SECONDS = 5.0
MUTANT_SECONDS = 60.0


def supervisor_of(course: Course, name: str, sandbox: str, *, quick: bool = False) -> Supervisor:
    """Return a supervisor for one assignment, with the limits for mutants if `quick`."""
    limits = course.rubric.assignment(name).limits
    short = msgspec.structs.replace(
        limits,
        check_seconds=min(limits.check_seconds, MUTANT_CHECK_SECONDS),
        submission_seconds=min(limits.submission_seconds, MUTANT_SECONDS),
        cell_seconds=min(limits.cell_seconds, MUTANT_CHECK_SECONDS),
    )
    return Supervisor(course, (name,), sandbox=sandbox, limits={name: short} if quick else None)


def judge_all(
    supervisor: Supervisor, name: str, files: Mapping[str, Path], jobs: int, seed: str = ""
) -> dict[str, Report]:
    """Judge files, `jobs` at a time; return their reports in the same order.

    Args:
        seed: for hidden inputs; the course's if empty.

    Raises:
        CourseError: the hidden tests could not be collected.
    """
    if supervisor.problems:
        raise CourseError("\n".join(supervisor.problems))
    with judges(supervisor, jobs) as pool:
        reports = pool.map(lambda entry: supervisor.judge(Job("verify", name, str(entry[1]), seed=seed)), files.items())
        return dict(zip(files, reports, strict=True))


def whole(assignment: Assignment) -> dict[str, float]:
    """Return the points of the automatic items."""
    return {item.name: item.points for item in assignment.items if item.kind == "auto"}


def lost_points(report: Report, due: Mapping[str, float]) -> dict[str, float]:
    """Return the points that a submission lost, by automatic item; ungraded ones count as lost."""
    points = {name: report.verdict.items[name].points for name in due}
    return {name: round(due[name] - points[name], 4) for name in due if points[name] < due[name]}


def listed(lost: Mapping[str, float]) -> str:
    """Format lost points as one line."""
    return ", ".join(f"{name} ({points:g})" for name, points in lost.items()) or "nothing"
