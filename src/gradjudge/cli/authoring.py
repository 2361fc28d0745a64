"""The commands for authors: ``release``, ``verify`` and ``calibrate``."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gradjudge.cli.console import (
    EXIT_UNGRADED,
    CourseOption,
    DeviceOption,
    SandboxOption,
    device_of,
    err,
    out,
    sandbox_of,
    say,
)
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError
from gradjudge.reports.lines import escape


def release(
    assignments: Annotated[list[str] | None, typer.Argument(help="Names of assignments (default: all).")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 and name what is stale.")] = False,
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Generate release/ and solutions/ from source/."""
    from gradjudge.authoring.release.releasing import release_course

    here = Course.find(course)
    names = tuple(assignments or here.rubric.assignments)
    outcomes = release_course(here, names, check=check, say=say, sandbox=sandbox_of(here, sandbox))
    for outcome in outcomes:
        if outcome.state != "fresh":
            out.print(f"{outcome.state:>8}  {escape(str(outcome.path.relative_to(here.root)))}")
    stale = [outcome for outcome in outcomes if not outcome.ok]
    if stale:
        err.print("These files are not what source/ and grading.toml give. Run: gradjudge release")
        raise typer.Exit(1)
    out.print(f"{len(outcomes)} files are up to date: " + ", ".join(map(escape, names)))


def verify(
    assignments: Annotated[list[str] | None, typer.Argument(help="Names of assignments (default: all).")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Seeds under which right submissions are graded.")] = 1,
    repeats: Annotated[int, typer.Option("--repeats", min=0, help="Times that the same is graded again.")] = 2,
    mutants: Annotated[bool, typer.Option("--mutants", help="Make mutants of the solutions, and grade them.")] = False,
    every: Annotated[int, typer.Option("--every", min=1, help="Of the mutants, take each n-th only.")] = 1,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Begin no more mutants of an assignment after so long.")
    ] = None,
    no_corpus: Annotated[
        bool, typer.Option("--no-corpus", help="Leave out wheats, chaffs, solution, releases.")
    ] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Submissions at a time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    mistakes: Annotated[Path | None, typer.Option("--mistakes", help="Write what wrong solutions are told.")] = None,
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Test the hidden tests: right, wrong and mutated solutions; exit 1 below the course's bar."""
    from gradjudge.authoring.verify.naming import mistakes_table
    from gradjudge.authoring.verify.summary import verification_lines
    from gradjudge.authoring.verify.verification import VerificationSettings
    from gradjudge.authoring.verify.verification import verify as verify_one

    here = Course.find(course)
    names = tuple(assignments or here.rubric.assignments)
    for name in names:
        here.rubric.assignment(name)
    plan = VerificationSettings(
        seeds=seeds,
        repeats=repeats,
        mutants=mutants,
        every=every,
        minutes=math.inf if minutes is None else minutes,
        corpus=not no_corpus,
        jobs=jobs or os.cpu_count() or 1,
    )
    jail, bar = sandbox_of(here, sandbox), here.rubric.bar
    found = []
    for name in names:
        one = verify_one(here, name, plan, sandbox=jail, say=lambda text: err.print(escape(text)))
        found.append(one)
        if not as_json:
            for line in verification_lines(one, bar):
                out.print(line)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        sys.stdout.flush()
    if mistakes is not None:
        mistakes.write_text(mistakes_table({one.assignment: one.namings for one in found}), encoding="utf-8")
    below = [one.assignment for one in found if not one.meets(bar)]
    if below:
        err.print(f"[bold red]below the bar:[/] {', '.join(below)}")
        raise typer.Exit(EXIT_UNGRADED)


def calibrate(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    runs: Annotated[int, typer.Option("--runs", min=20, help="Runs of the solution, each under another seed.")] = 200,
    aim: Annotated[float, typer.Option("--aim", help="Share of right runs that a bound may reject.")] = 0.001,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a bound is at fault.")] = False,
    device: DeviceOption = "auto",
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Submissions at a time.")] = None,
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Measure what right runs reach, and write the bounds into grading.toml."""
    from gradjudge.authoring.verify import calibration

    here = Course.find(course)
    if not 0 < aim < calibration.TAIL:
        raise CourseError(f"--aim {aim:g}: expected a share between 0 and {calibration.TAIL:g}, such as 0.001.")
    plan = calibration.CalibrationSettings(
        runs=runs, aim=aim, device=device_of(device), jobs=jobs or os.cpu_count() or 1
    )
    rubric = here.rubric.assignment(assignment)
    found = calibration.calibrate(
        here, assignment, plan, sandbox=sandbox_of(here, sandbox), say=lambda text: err.print(escape(text))
    )
    for one in found:
        out.print(f"[bold]{escape(one.name)}[/]  at {one.side} {one.now:g}, calibrated {one.bound:g}")
        out.print(f"  {escape(one.method)}")
        if one.met_by:
            out.print(f"  within the bound though wrong: {escape(', '.join(one.met_by))}")
        for fault in one.faults:
            out.print(f"  [bold red]fault:[/] the bound {escape(fault)}")
    for name in calibration.unused(rubric, found):
        out.print(f"[bold]{escape(name)}[/]  is compared with nothing: it stays as it is")
    if not check:
        calibration.write_bounds(here.rubric_file, assignment, found)
        out.print(f"Written to {escape(str(here.rubric_file))}.")
    elif any(one.faults for one in found):
        raise typer.Exit(EXIT_UNGRADED)
