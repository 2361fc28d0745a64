"""What the commands share: consoles, exit codes, options, signals, and the report of faults."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradjudge.course.layout import Course
from gradjudge.course.rubric import SANDBOXES
from gradjudge.errors import CourseError
from gradjudge.reports.lines import escape, ungraded_reasons
from gradjudge.reports.record import Report

EXIT_UNGRADED = 1
EXIT_COURSE = 2
EXIT_INTERNAL = 3
EXIT_SIGNAL = 128
#: Seconds in which a second signal counts as the same one, which some parent processes forward.
SAME_SIGNAL = 1.0

out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, soft_wrap=True)

CourseOption = Annotated[
    Path | None, typer.Option("--course", help="Folder that holds grading.toml (default: here or above).")
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
SandboxOption = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        help="required, or none: grade WITHOUT a jail, your own code only; reports say so.",
    ),
]


def say(text: str) -> None:
    """Print a line of progress."""
    out.print(escape(text))


def device_of(name: str) -> str:
    """Return the device for ``--device`` on this machine."""
    from gradjudge.cohort.supervisor import resolve_device

    return resolve_device(name)


def sandbox_of(course: Course, option: str | None) -> str:
    """Return the ``--sandbox`` option, or the course's setting.

    Raises:
        CourseError: there is no such sandbox.
    """
    if option is not None and option not in SANDBOXES:
        raise CourseError(f"--sandbox {option}: unknown. Expected one of {', '.join(SANDBOXES)}.")
    return option or course.rubric.sandbox


class Stopped(BaseException):
    """A signal asks the command to end. A `BaseException`, so that only ``with`` and ``finally`` handle it.

    Attributes:
        number: of the signal.
        told: a further message for the user.
    """

    def __init__(self, number: int) -> None:
        """Keep the number."""
        super().__init__(number)
        self.number = number
        self.told = ""


def stop_on_signals() -> None:
    """Turn SIGINT, SIGTERM and SIGHUP into `Stopped`, unless ignored. A second one ends the process."""
    asked: list[float] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            raise Stopped(number)
        if asked[-1] - asked[0] > SAME_SIGNAL:
            os._exit(EXIT_SIGNAL + number)  # every process that we started dies with us

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


@contextmanager
def started_supervisor(
    course: Course, assignments: tuple[str, ...], device: str, sandbox: str, *, submitted: Path | None = None
) -> Iterator[Any]:
    """Start a supervisor with progress messages, and end it; no session may read `submitted`."""
    from gradjudge.cohort.supervisor import Supervisor

    if sandbox == "none":
        err.print("[bold red]gradjudge: no jail: the submissions run with your rights.[/]")
    with ExitStack() as stack:
        with err.status("Starting: importing torch, collecting the hidden checks ..."):
            secret = () if submitted is None else (submitted,)
            supervisor = stack.enter_context(
                Supervisor(course, assignments, device=device, sandbox=sandbox, secret=secret, tell=warn)
            )
        yield supervisor


def warn(text: str) -> None:
    """Print a warning."""
    err.print(f"[bold red]gradjudge:[/] {escape(text)}")


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """Show a progress bar; the function that it yields is called with each report."""
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


def loud(problems: Sequence[str], reports: Sequence[Report]) -> None:
    """Print the grader's faults and undecided files; exit with `EXIT_UNGRADED` if there are any."""
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
    unread = [report for report in reports if report.unread]
    for report in unread:
        whose = f"{report.verdict.student}, {report.verdict.assignment}"
        err.print(f"[bold red]UNREAD[/] {escape(whose)}: {'; '.join(map(escape, report.run.faults))}")
    if unread:
        err.print("Nobody can tell which file of these is to be graded. They are not zeros; choose, and grade again.")
    if bad or unread or problems:
        raise typer.Exit(EXIT_UNGRADED)
