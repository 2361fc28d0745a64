"""Reports as text for a terminal. Nothing is printed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.markup import escape as escape_markup
from rich.table import Table

from gradjudge.reports.record import PENDING, CheckResult, ItemResult, Report
from gradjudge.reports.views import reasons, said
from gradjudge.text import Text


def escape(text: str) -> str:
    """Escape rich's markup and the terminal's control characters."""
    return escape_markup(_CONTROLS.sub(lambda found: _visible(ord(found[0])), text))


#: Control characters except tab and newline, and marks of writing direction.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _visible(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cohort_table(reports: Sequence[Report]) -> Table:
    """Return one row per student: score, state, and the automatic items that lost points."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("student")
    table.add_column("score", justify="right")
    table.add_column("of", justify="right")
    table.add_column("state")
    table.add_column("items lost", overflow="fold")
    for report in sorted(reports, key=lambda one: one.verdict.student):
        verdict = report.verdict
        table.add_row(
            escape(verdict.student),
            f"{verdict.score:g}",
            f"{verdict.max_score:g}",
            f"[{_COLOURS[report.state]}]{report.state}[/]",
            escape(_lost(report)),
        )
    return table


_COLOURS = {
    "passed": "green",
    "partial": "yellow",
    "failed": "yellow",
    "timed-out": "magenta",
    "crashed": "magenta",
    "ungraded": "bold red",
    "unread": "bold red",
    PENDING: "dim",
}


def _lost(report: Report) -> str:
    items = {name: item for name, item in report.verdict.items.items() if item.kind == "auto"}
    lost = [name for name, item in items.items() if item.points < item.max]
    if lost and len(lost) == len(items):
        return "all"
    return " ".join(lost)


_INDENT = " " * 23

#: States as people read them.
STATE_WORDS = {
    "passed": Text("passed"),
    "partial": Text("partial"),
    "failed": Text("failed"),
    "timed-out": Text("timed-out"),
    "crashed": Text("crashed"),
    "ungraded": Text("ungraded"),
    "unread": Text("unread"),
    PENDING: Text("pending"),
}


_AS_ABOVE = Text("for the same reason as above")
_ONE_OTHER = Text("the same for 1 other check")


def report_lines(report: Report, language: str, *, staff: bool) -> Iterator[str]:
    """Yield a report as lines of rich markup in one language, with the details if `staff`."""
    verdict = report.verdict
    score = Text("{score:g} of {most:g}", score=verdict.score, most=verdict.max_score).said(language)
    to_mark = Text("{points:g} marked by a person", points=verdict.pending).said(language)
    pending = f"  (+ {to_mark})" if verdict.pending else ""
    yield f"[bold]{escape(verdict.assignment)}[/]  {score}{pending}"
    for note in verdict.notes:
        yield f"  {escape(said(note, language))}"
    if staff:
        yield from (f"      [dim]{escape(note)}[/]" for note in report.run.notes)
    for cell in verdict.cells:
        yield f"  [dim]{escape(said(cell.message, language))}[/]"
        if staff and str(cell.index) in report.run.cells:
            yield f"      [dim]{escape(report.run.cells[str(cell.index)])}[/]"
    seen: set[str] = set()
    for name, item in verdict.items.items():
        yield from _item_lines(name, item, report, language, seen, staff=staff)
    yield f"[dim]device {report.run.device}; jail {', '.join(report.run.jail) or '-'}[/]"


def _item_lines(
    name: str, item: ItemResult, report: Report, language: str, seen: set[str], *, staff: bool
) -> Iterator[str]:
    colour = _COLOURS[item.state]
    ours = Text("judged with our {names}", names=", ".join(item.judged_with)).said(language)
    with_ours = f"  ({ours})" if item.judged_with else ""
    state, points = STATE_WORDS[item.state].said(language), f"{item.points:g}/{item.max:g}"
    yield f"[{colour}]{state:>12}[/]  {points:>7}  {escape(name)}{escape(with_ours)}"
    lost = [check for check in item.checks if check.state != "passed"]
    fresh = [check for check in lost if staff or said(check.message, language) not in seen]
    for one in fresh:
        yield from _check_lines(name, one, report, language, seen, staff=staff)
    if lost and not fresh:
        yield f"{_INDENT}[dim]{_AS_ABOVE.said(language)}[/]"
    if item.hint and item.kind == "auto" and item.points < item.max:
        hint = Text("hint: {hint}", hint=said(item.hint, language))
        yield f"{_INDENT}{escape(hint.said(language))}"


def _check_lines(
    item: str, check: CheckResult, report: Report, language: str, seen: set[str], *, staff: bool
) -> Iterator[str]:
    """Yield a check's lines. A message that others share appears once, with their number."""
    message = said(check.message, language)
    if staff or message not in seen:
        yield f"{_INDENT}{escape(said(check.title, language))}"
    if message not in seen:
        count = next((one["count"] for one in reasons(report, language) if one["message"] == message), 1)
        others = Text("the same for {count} other checks", count=count - 1) if count > 2 else _ONE_OTHER
        more = f"  [dim]({others.said(language)})[/]" if count > 1 and message else ""
        yield f"{_INDENT}[bold]{escape(message)}[/]{more}"
    if message:
        seen.add(message)
    run = report.run.checks.get(f"{item}/{check.name}")
    if staff and run is not None and run.detail:
        yield f"{_INDENT}[dim]{escape(run.detail)}[/]"


def staff_notes(reports: Sequence[Report]) -> Iterator[str]:
    """Yield notes on files by student: which was graded, what was not used, why none was found."""
    for report in sorted(reports, key=lambda one: one.verdict.student):
        told_apart = report.ungraded or report.unread or report.verdict.submission
        for note in (*(() if told_apart else report.run.faults), *report.run.notes):
            yield f"{report.verdict.student}: {note}"


def ungraded_reasons(report: Report) -> Iterator[str]:
    """Yield the error of each ungraded check, for staff."""
    for name, item in report.verdict.items.items():
        for check in item.checks:
            run = report.run.checks.get(f"{name}/{check.name}")
            if check.state == "ungraded" and run is not None:
                yield f"{check.name}: {_gist(run.detail)}"


def _gist(detail: str) -> str:
    """Return the line of a traceback that names the error."""
    lines = [line.removeprefix("E").strip() for line in detail.splitlines() if line.startswith("E ")]
    return lines[0] if lines else detail.strip().splitlines()[-1] if detail.strip() else ""
