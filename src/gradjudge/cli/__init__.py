"""The command line: the only place that prints or exits."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from gradjudge import __version__
from gradjudge.cli.authoring import calibrate, release, verify
from gradjudge.cli.collection import collect
from gradjudge.cli.console import EXIT_COURSE, EXIT_INTERNAL, EXIT_SIGNAL, Stopped, err, out, stop_on_signals
from gradjudge.cli.grading import check, grade
from gradjudge.cli.machine import doctor
from gradjudge.errors import CourseError, InternalError
from gradjudge.reports.lines import escape

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Generate assignments, and grade them with hidden pytest checks that never enter the student's process.",
)


def main() -> NoReturn:
    """Run the command line."""
    stop_on_signals()
    try:
        app()
    except Stopped as stopped:
        err.print(f"gradjudge: stopped{stopped.told}")
        sys.exit(EXIT_SIGNAL + stopped.number)
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
    """Take the options before a command."""


for command in (release, collect, grade, check, verify, calibrate, doctor):
    app.command()(command)
