"""The commands that grade: ``grade`` and ``check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gradjudge.cli.console import (
    CourseOption,
    DeviceOption,
    SandboxOption,
    Stopped,
    device_of,
    loud,
    out,
    progress,
    sandbox_of,
    started_supervisor,
)
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError
from gradjudge.files import readable
from gradjudge.reports.lines import cohort_table, escape, report_lines, staff_notes
from gradjudge.reports.record import Report
from gradjudge.reports.views import public_view

if TYPE_CHECKING:
    from gradjudge.cohort.runs import CohortPlan
    from gradjudge.judge.jobs import Job

MOST_NOTES = 50  # printed below a cohort's table


def grade(
    assignment: Annotated[str | None, typer.Argument(help="Name of the assignment.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Grade all assignments of the course.")] = False,
    submitted: Annotated[
        Path | None, typer.Option("--submitted", help="Folder of STUDENT/ASSIGNMENT/ (default: submitted/).")
    ] = None,
    grades: Annotated[
        Path | None, typer.Option("--grades", help="Folder for reports and grades.csv (default: grades/).")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Submissions at a time (default: one per core).")
    ] = None,
    device: DeviceOption = "auto",
    only: Annotated[list[str] | None, typer.Option("--only", help="Grade only this student (may be repeated).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what has not changed, too.")] = False,
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Grade a cohort; a second run grades only what changed."""
    from gradjudge.cohort import runs
    from gradjudge.cohort.lock import locked

    here = Course.find(course)
    names = _which(here, assignment, every=every)
    chosen, jail = device_of(device), sandbox_of(here, sandbox)
    keys = runs.KeyMaker(here, chosen, jail)
    everything: list[Report] = []
    with locked(here.reports(name, grades) for name in names):
        plans = [
            runs.plan(here, name, keys, submitted=submitted, grades=grades, only=only or (), fresh=fresh)
            for name in names
        ]
        if only:
            _all_found(only, plans)
        todo = [job for plan in plans for job in plan.jobs]
        judged, problems = _judge_all(here, todo, submitted, grades, chosen, jail, jobs or os.cpu_count() or 1)
        for plan in plans:
            reports, table = runs.finish(here, plan, judged, submitted=submitted, grades=grades)
            if every:
                out.print(f"\n[bold]{plan.assignment}[/]")
            out.print(cohort_table(reports))
            _print_notes(reports)
            unread = sum(report.unread for report in reports)
            counts = f"{len(plan.jobs)} graded, {len(plan.done)} unchanged" + (f", {unread} UNREAD" if unread else "")
            out.print(f"{counts}. Scores: {escape(str(table))}")
            everything += reports
    loud(problems, everything)


def _judge_all(
    course: Course,
    todo: Sequence[Job],
    submitted: Path | None,
    grades: Path | None,
    device: str,
    sandbox: str,
    jobs: int,
) -> tuple[list[Report], list[str]]:
    """Judge and save; return the reports, and problems of the hidden tests."""
    from gradjudge.cohort import runs

    if not todo:
        return [], []
    saved = 0

    def save(report: Report) -> None:
        nonlocal saved
        runs.save_report(course, grades, report)
        saved += 1

    asked = tuple(dict.fromkeys(job.assignment for job in todo))
    try:
        with (
            started_supervisor(course, asked, device, sandbox, submitted=submitted) as supervisor,
            progress(len(todo)) as advance,
        ):
            return runs.run(todo, supervisor, save, jobs=jobs, on_report=advance), supervisor.problems
    except Stopped as stopped:
        stopped.told = f"; {saved} graded; run the same command again to go on"
        raise


def _print_notes(reports: Sequence[Report]) -> None:
    notes = list(staff_notes(reports))
    for note in notes[:MOST_NOTES]:
        out.print(f"[dim]{escape(note)}[/]")
    if len(notes) > MOST_NOTES:
        out.print(f"[dim]and {len(notes) - MOST_NOTES} more notes, in the reports (run.notes, run.faults)[/]")


def _which(course: Course, assignment: str | None, *, every: bool) -> tuple[str, ...]:
    """Return the assignments to grade: one by name, or all."""
    known = tuple(course.rubric.assignments)
    if every and assignment is None:
        return known
    if every or assignment is None:
        raise CourseError(f"Name one assignment ({', '.join(known)}), or say --all.")
    course.rubric.assignment(assignment)
    return (assignment,)


def _all_found(only: Sequence[str], plans: Sequence[CohortPlan]) -> None:
    missing = sorted(set(only) - {student for plan in plans for student in plan.students})
    if missing:
        asked = "this assignment" if len(plans) == 1 else "any assignment"
        raise CourseError(f"--only {missing[0]}: no submission of that student for {asked}.")


def check(
    file: Annotated[Path, typer.Argument(help="A notebook or script.")],
    assignment: Annotated[
        str | None, typer.Option("--assignment", "-a", help="Its assignment (default: what it says).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    staff: Annotated[bool, typer.Option("--staff", help="Show what only staff may read.")] = False,
    language: Annotated[str | None, typer.Option("--lang", help="Default: the notebook's language.")] = None,
    device: DeviceOption = "auto",
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Grade one submission and print what its student would see."""
    from gradjudge.judge.jobs import Job

    here = Course.find(course)
    if not file.is_file():
        raise CourseError(f"{readable(str(file))}: no such file. Name a notebook (.ipynb) or a script (.py).")
    if readable(str(file.resolve())) != str(file.resolve()):
        raise CourseError(f"{readable(str(file))}: the name is not UTF-8. Rename it: letters, digits, '-' and '_'.")
    if language is not None and language not in here.rubric.languages:
        raise CourseError(f"--lang {language}: the course has {', '.join(here.rubric.languages)}.")
    name = assignment or _guess_assignment(here, file)
    here.rubric.assignment(name)
    chosen, jail = device_of(device), sandbox_of(here, sandbox)
    with started_supervisor(here, (name,), chosen, jail, submitted=file.resolve().parent) as supervisor:
        report = supervisor.judge(Job(file.stem, name, str(file.resolve())))
        problems = supervisor.problems
    spoken = language or report.verdict.language or here.rubric.default_language
    if as_json:
        sys.stdout.buffer.write(
            msgspec.json.format(msgspec.json.encode(public_view(report, spoken, staff=staff))) + b"\n"
        )
        sys.stdout.flush()
    else:
        for line in report_lines(report, spoken, staff=staff):
            out.print(line)
    loud(problems, [report] if report.ungraded else [])


def _guess_assignment(course: Course, file: Path) -> str:
    """Guess a file's assignment from its metadata, its name or its folder; the only one of the course fits any file."""
    from gradjudge.course.hand_in.submission import declared_assignment

    names = list(course.rubric.assignments)
    for guess in (declared_assignment(file), file.stem, file.resolve().parent.name):
        if guess in names:
            return guess
    if len(names) == 1:
        return names[0]
    raise CourseError(f"{file}: cannot tell its assignment. Say --assignment NAME, one of {', '.join(names)}.")
