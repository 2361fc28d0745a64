"""The command ``collect``."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.table import Table

from gradjudge.cli.console import EXIT_UNGRADED, CourseOption, err, out
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError
from gradjudge.reports.lines import escape

if TYPE_CHECKING:
    from gradjudge.collect.collecting import Collection

MOST_LINES = 20  # per student: a hostile archive can have thousands


def collect(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    sources: Annotated[list[Path], typer.Argument(help="Archives (.zip, .tar, .tar.gz, .tar.xz) and folders.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Folder of STUDENT/ASSIGNMENT/ (default: submitted/).")
    ] = None,
    student: Annotated[str, typer.Option("--student", help="Everything is this student's.")] = "",
    pattern: Annotated[
        str, typer.Option("--pattern", help="Regular expression with student_id, file_id and perhaps timestamp.")
    ] = "",
    times: Annotated[
        bool, typer.Option("--times", help="Take the entries' times as times of handing in (not for Moodle, Canvas).")
    ] = False,
    zone: Annotated[str, typer.Option("--zone", help="Time zone of times that name none.")] = "UTC",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace also what is newer, or was changed or put there by hand.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    course: CourseOption = None,
) -> None:
    """Put what a learning platform or any archive holds into submitted/; exit 1 if something was not taken."""
    from gradjudge.collect import collecting

    here = Course.find(course)
    here.rubric.assignment(assignment)
    if student and pattern:
        raise CourseError("--student and --pattern: say one of them.")
    try:
        known = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise CourseError(f"--zone {zone}: unknown. Expected such as UTC or Europe/Paris.") from error
    options = collecting.Options(pattern, student, times, known, replace, dry_run)
    done = collecting.collect(assignment, sources, into or here.submitted, options)
    if as_json:
        view = _view(assignment, done, dry_run, here.rubric.languages)
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(view)) + b"\n")
        sys.stdout.flush()
    else:
        _show(done, into or here.submitted, dry_run)
    if not done.clean:
        raise typer.Exit(EXIT_UNGRADED)


def _show(done: Collection, into: Path, dry_run: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("student", "submission", "files", "notes"):
        table.add_column(title, overflow="fold", justify="right" if title == "files" else "left")
    for one in done.outcomes:
        colour = "yellow" if one.state in ("kept", "unclear") or one.refused else "green"
        handed_in = (f"handed in {one.handed_in}",) if one.handed_in else ()
        notes = "\n".join(map(_line, (*handed_in, *one.notes)))
        table.add_row(escape(one.student), f"[{colour}]{one.state}[/]", str(len(one.files)), notes)
    out.print(table)
    for one in done.outcomes:
        for refused in one.refused[:MOST_LINES]:
            err.print(f"[bold red]not taken, {escape(one.student)}:[/] {_line(refused.staff)}")
        if len(one.refused) > MOST_LINES:
            err.print(f"[bold red]not taken, {escape(one.student)}:[/] and {len(one.refused) - MOST_LINES} more")
    for stray in done.strays:
        err.print(f"[bold red]not taken:[/] {_line(stray.staff)}")
    counted = dict.fromkeys(("new", "replaced", "unchanged", "kept"), 0)
    for one in done.outcomes:
        counted[one.state] = counted.get(one.state, 0) + 1
    counts = ", ".join(f"{number} {state}" for state, number in counted.items())
    out.print(f"{counts}. {'Nothing was written: --dry-run.' if dry_run else f'In {escape(str(into))}.'}")


def _line(text: str) -> str:
    """Return a note as one line without control characters."""
    printable = text.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")
    return escape("".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in printable))


def _view(assignment: str, done: Collection, dry_run: bool, languages: Sequence[str]) -> dict[str, object]:
    """Return what ``--json`` prints."""
    return {
        "assignment": assignment,
        "dry_run": dry_run,
        "students": [
            {
                "student": one.student,
                "state": one.state,
                "files": list(one.files),
                "handed_in": one.handed_in or None,
                "notes": [_safe(note) for note in one.notes],
                "not_taken": [_safe(refused.staff) for refused in one.refused],
                "for_student": [
                    {language: _safe(text) for language, text in refused.student.in_languages(languages).items()}
                    for refused in one.refused
                ],
            }
            for one in done.outcomes
        ],
        "not_taken": [_safe(stray.staff) for stray in done.strays],
    }


def _safe(text: str) -> str:
    """Return text that JSON can encode, without the control characters that JSON does not escape."""
    plain = re.sub(r"[\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)
    return plain.encode("utf-8", "backslashreplace").decode()
