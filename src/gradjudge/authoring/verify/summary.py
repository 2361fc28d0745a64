"""A verification as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from gradjudge.authoring.verify.mutation import Score, Survivor
from gradjudge.authoring.verify.naming import Named
from gradjudge.authoring.verify.verification import Verification
from gradjudge.course.rubric import Bar


def verification_lines(one: Verification, bar: Bar) -> Iterator[str | Table]:
    """Yield the results for one assignment: totals, a table of items, survivors, faults."""
    yield f"\n[bold]{escape(one.assignment)}[/]  ({one.seconds:.0f} s)"
    if one.gradings:
        yield from _corpus(one, bar)
    if one.ordinary.made:
        yield _killed("ordinary", one.ordinary, bar.ordinary)
        yield _killed("evasive", one.evasive, bar.evasive)
    if one.untried:
        yield f"  [yellow]{one.untried} mutants were not begun: the time was up[/]"
    yield _items(one)
    for survivor in one.survivors:
        yield f"[yellow]survived[/] {escape(_told(survivor))}"
    for same in one.equivalent:
        yield f"[dim]equivalent {escape(same.name)}[/]"
    for fault in one.faults:
        yield f"[bold red]fault[/] {escape(fault)}"


def _corpus(one: Verification, bar: Bar) -> Iterator[str]:
    yield _of("right submissions with full marks", one.right)
    yield _of("untouched releases with nothing", one.empty)
    yield _of("wrong submissions that lose just what they should", one.wrong)
    yield _named(one.named, bar.named)
    rejected = f"{one.rejected} of {one.gradings} gradings of right submissions rejected"
    yield f"  {rejected}: at most {one.bound:.2%} in the long run (95 %)"
    yield f"  {one.flakes} of {one.repeats} repeated gradings with other bytes"


def _of(what: str, share: tuple[int, int]) -> str:
    colour = "green" if share[0] == share[1] else "bold red"
    return f"  [{colour}]{share[0]} of {share[1]}[/] {what}"


def _named(named: Named, bar: float) -> str:
    colour = "green" if named.share >= bar and not named.wrong else "bold red"
    return (
        f"  [{colour}]{named.right} of {named.labelled}[/] labelled mistakes named in the feedback: {named.share:.1%} "
        f"(bar {bar:.0%}); {named.seen} only seen, {named.wrong} named wrongly"
    )


def _killed(kind: str, score: Score, bar: float) -> str:
    colour = "green" if score.share >= bar else "bold red"
    due = score.made - score.equivalent
    return (
        f"  [{colour}]{score.killed} of {due}[/] {kind} mutants caught: {score.share:.1%} (bar {bar:.0%}); "
        f"{score.equivalent} more change nothing"
    )


def _items(one: Verification) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("item")
    for title in ("chaffs", "mutants of its cells", "caught by it"):
        table.add_column(title, justify="right")
    for seen in one.items:
        table.add_row(escape(seen.item), str(seen.chaffs), str(seen.mutants), str(seen.caught))
    return table


def _told(survivor: Survivor) -> str:
    should = ", ".join(survivor.should) or "no check is about this cell"
    return f"{survivor.name}\n{survivor.diff}\n  should be seen by: {should}"
