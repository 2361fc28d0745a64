"""The command line: the only place that prints or exits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gradjudge import __version__
from gradjudge.course import Course, readable
from gradjudge.errors import CourseError, InternalError
from gradjudge.report import Report, public_view
from gradjudge.rubric import SANDBOXES
from gradjudge.terminal import cohort_table, escape, report_lines, ungraded_reasons

if TYPE_CHECKING:
    from gradjudge.cohort import Plan

EXIT_UNGRADED = 1
EXIT_COURSE = 2
EXIT_INTERNAL = 3
EXIT_STOPPED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Generate assignments, and grade them with hidden pytest checks that never enter the student's process.",
)
out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, soft_wrap=True)

CourseOption = Annotated[
    Path | None, typer.Option("--course", help="Folder that holds grading.toml (default: here or above).")
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
SandboxOption = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        help="required, hardened (more layers), or none: grade WITHOUT a jail, your own code only; reports say so.",
    ),
]


def main() -> NoReturn:
    """Run the command line."""
    try:
        app()
    except CourseError as error:
        err.print(f"[bold red]gradjudge:[/] {escape(str(error))}")
        sys.exit(EXIT_COURSE)
    except InternalError as error:
        err.print(f"[bold red]gradjudge: a fault of our own:[/] {escape(str(error))}")
        sys.exit(EXIT_INTERNAL)
    sys.exit(0)


def _show_version(value: bool) -> None:
    if value:
        out.print(f"gradjudge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


# --- release --------------------------------------------------------------------------------------------------------


@app.command()
def release(
    assignments: Annotated[list[str] | None, typer.Argument(help="Names of assignments (default: all).")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 and name what is stale.")] = False,
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Generate release/ and solutions/ from source/."""
    from gradjudge.releasing import release_course

    here = Course.find(course)
    names = tuple(assignments or here.rubric.assignments)
    outcomes = release_course(here, names, check=check, say=_say, sandbox=_sandbox(here, sandbox))
    for outcome in outcomes:
        if outcome.state != "fresh":
            out.print(f"{outcome.state:>8}  {escape(str(outcome.path.relative_to(here.root)))}")
    stale = [outcome for outcome in outcomes if not outcome.ok]
    if stale:
        err.print("These files are not what source/ and grading.toml give. Run: gradjudge release")
        raise typer.Exit(1)
    out.print(f"{len(outcomes)} files are up to date: " + ", ".join(map(escape, names)))


def _say(text: str) -> None:
    out.print(escape(text))


# --- grade ----------------------------------------------------------------------------------------------------------


@app.command()
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
    from gradjudge import cohort

    here = Course.find(course)
    names = _which(here, assignment, every=every)
    chosen, jail = _device(device), _sandbox(here, sandbox)
    keys = cohort.KeyMaker(here, chosen, jail)
    plans = [
        cohort.plan(here, name, keys, submitted=submitted, grades=grades, only=only or (), fresh=fresh)
        for name in names
    ]
    if only:
        _all_found(only, plans)
    todo = [job for plan in plans for job in plan.jobs]
    judged: list[Report] = []
    problems: list[str] = []
    if todo:
        asked = tuple(dict.fromkeys(job.assignment for job in todo))
        with _bench(here, asked, chosen, jail) as bench, _progress(len(todo)) as advance:
            problems = bench.problems
            judged = cohort.run(
                todo,
                bench,
                lambda report: cohort.save_report(here, grades, report),
                jobs=jobs or os.cpu_count() or 1,
                on_report=advance,
            )
    everything: list[Report] = []
    for plan in plans:
        reports, table = cohort.finish(here, plan, judged, submitted=submitted, grades=grades)
        if every:
            out.print(f"\n[bold]{plan.assignment}[/]")
        out.print(cohort_table(reports))
        out.print(f"{len(plan.jobs)} graded, {len(plan.done)} unchanged. Scores: {escape(str(table))}")
        everything += reports
    _loud(problems, everything)


def _which(course: Course, assignment: str | None, *, every: bool) -> tuple[str, ...]:
    """Return the assignments that were asked for: one by its name, or all of the course."""
    known = tuple(course.rubric.assignments)
    if every and assignment is None:
        return known
    if every or assignment is None:
        raise CourseError(f"Name one assignment ({', '.join(known)}), or say --all.")
    course.rubric.assignment(assignment)
    return (assignment,)


def _all_found(only: Sequence[str], plans: Sequence[Plan]) -> None:
    missing = sorted(set(only) - {student for plan in plans for student in plan.students})
    if missing:
        asked = "this assignment" if len(plans) == 1 else "any assignment"
        raise CourseError(f"--only {missing[0]}: no submission of that student for {asked}.")


def _device(name: str) -> str:
    from gradjudge.bench import resolve_device

    return resolve_device(name)


def _sandbox(course: Course, said_aloud: str | None) -> str:
    if said_aloud is not None and said_aloud not in SANDBOXES:
        raise CourseError(f"--sandbox {said_aloud}: unknown. Expected one of {', '.join(SANDBOXES)}.")
    return said_aloud or course.rubric.sandbox


@contextmanager
def _bench(course: Course, assignments: tuple[str, ...], device: str, sandbox: str) -> Iterator[Any]:
    from gradjudge.bench import Bench

    if sandbox == "none":
        err.print("[bold red]gradjudge: no jail: the submissions run with your rights.[/]")
    signal.signal(signal.SIGTERM, _stop)
    with err.status("Starting: importing torch, collecting the hidden checks ..."):
        bench = Bench(course, assignments, device=device, sandbox=sandbox)
        bench.__enter__()
    try:
        yield bench
    except KeyboardInterrupt:
        err.print("gradjudge: stopped. What was graded is kept; the same command goes on from there.")
        raise typer.Exit(EXIT_STOPPED) from None
    finally:
        bench.close()


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("grading", total=total, rate="")

        def advance(report: Report) -> None:
            bar.advance(task)
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.1f}/s" if speed else "")
            if not err.is_terminal:
                err.print(f"{escape(report.verdict.student)}: {report.verdict.score:g} / {report.verdict.max_score:g}")

        yield advance


def _loud(problems: Sequence[str], reports: Sequence[Report]) -> None:
    """Say aloud what went wrong on our side, and exit with a code that says so."""
    for problem in problems:
        err.print(f"[bold red]hidden tests:[/] {escape(problem)}")
    bad = [report for report in reports if report.ungraded]
    for report in bad:
        whose = f"{report.verdict.student}, {report.verdict.assignment}"
        err.print(f"[bold red]UNGRADED[/] {escape(whose)}: {', '.join(map(escape, report.ungraded))}")
        for fault in (*report.run.faults, *ungraded_reasons(report)):
            err.print(f"  {escape(fault.strip().splitlines()[-1] if fault.strip() else '')}")
    if bad:
        err.print(
            "These items could not be graded by a fault on our side. They are not zeros; mend it and grade again."
        )
    if bad or problems:
        raise typer.Exit(EXIT_UNGRADED)


# --- check ----------------------------------------------------------------------------------------------------------


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A notebook or script.")],
    assignment: Annotated[
        str | None, typer.Option("--assignment", "-a", help="Its assignment (default: what it says).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    staff: Annotated[bool, typer.Option("--staff", help="Show what only staff may read.")] = False,
    language: Annotated[str | None, typer.Option("--lang", help="fr or en (default: the notebook's).")] = None,
    device: DeviceOption = "auto",
    sandbox: SandboxOption = None,
    course: CourseOption = None,
) -> None:
    """Grade one submission and print what its student would see."""
    from gradjudge.cohort import KeyMaker
    from gradjudge.jobs import Job

    here = Course.find(course)
    if not file.is_file():
        raise CourseError(f"{readable(str(file))}: no such file. Name a notebook (.ipynb) or a script (.py).")
    if readable(str(file.resolve())) != str(file.resolve()):
        raise CourseError(f"{readable(str(file))}: the name is not UTF-8. Rename it: letters, digits, '-' and '_'.")
    if language is not None and language not in here.rubric.languages:
        raise CourseError(f"--lang {language}: the course has {', '.join(here.rubric.languages)}.")
    name = assignment or _guess_assignment(here, file)
    here.rubric.assignment(name)
    chosen, jail = _device(device), _sandbox(here, sandbox)
    key = KeyMaker(here, chosen, jail).file_key(name, file)
    with _bench(here, (name,), chosen, jail) as bench:
        report = bench.judge(Job(file.stem, name, str(file.resolve()), key))
        problems = bench.problems
    spoken = language or report.verdict.language or here.rubric.default_language
    if as_json:
        sys.stdout.buffer.write(
            msgspec.json.format(msgspec.json.encode(public_view(report, spoken, staff=staff))) + b"\n"
        )
        sys.stdout.flush()
    else:
        for line in report_lines(report, spoken, staff=staff):
            out.print(line)
    _loud(problems, [report] if report.ungraded else [])


def _guess_assignment(course: Course, file: Path) -> str:
    """Tell a file's assignment from its metadata, its name or its folder, or from there being only one."""
    from gradjudge.notebooks.submission import declared_assignment

    names = list(course.rubric.assignments)
    for guess in (declared_assignment(file), file.stem, file.resolve().parent.name):
        if guess in names:
            return guess
    if len(names) == 1:
        return names[0]
    raise CourseError(f"{file}: cannot tell its assignment. Say --assignment NAME, one of {', '.join(names)}.")


# --- doctor ---------------------------------------------------------------------------------------------------------


@app.command()
def doctor() -> None:
    """Show which layers of the jail this machine offers; exit 1 if a required one is missing."""
    from gradjudge.sandbox.doctor import examine

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("layer", "active", "required", "detail"):
        table.add_column(title)
    layers = examine()
    for layer in layers:
        mark = "[green]yes[/]" if layer.active else "[bold red]no[/]" if layer.required else "no"
        table.add_row(layer.name, mark, "yes" if layer.required else "no", escape(layer.detail))
    out.print(table)
    missing = [layer for layer in layers if layer.required and not layer.active]
    for layer in missing:
        err.print(f"[bold red]{escape(layer.name)} is required and missing:[/] {escape(layer.remedy)}")
    if missing:
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
