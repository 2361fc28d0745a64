"""Does the feedback name the right mistake? Labels of chaffs are compared with the keys in their reports.

A label says what a chaff's mistake is; a check's key (`gradjudge.reports.record.CheckResult`) says which mistake its
sentence names. Both are words of the same vocabulary, so no one has to read sentences to tell whether they are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gradjudge.authoring.verify.corpus import Case
from gradjudge.reports.record import Report
from gradjudge.reports.views import said


class Naming(msgspec.Struct, frozen=True):
    """What the feedback says of one chaff.

    Attributes:
        chaff: its name.
        why: what it is, from its docstring.
        labels: keys that are true of it; empty if it has no label.
        named: keys in its report, in order.
        told: the first sentence, in English, that names a true key; else the first one that there is.
    """

    chaff: str
    why: str
    labels: tuple[str, ...]
    named: tuple[str, ...]
    told: str

    @property
    def wrong(self) -> tuple[str, ...]:
        """Keys that are not true of it; of a chaff without a label, all."""
        return tuple(key for key in self.named if key not in self.labels)

    @property
    def outcome(self) -> str:
        """Tell how it went: ``"named"``, ``"wrong"``, or ``"seen"`` where no mistake is named."""
        return "wrong" if self.wrong else "named" if self.named else "seen"


class Named(msgspec.Struct, frozen=True):
    """How many chaffs with a label there are, and of how many the feedback names the mistake, or only what it saw.

    Attributes:
        wrong: chaffs, with a label or without, of which it names a mistake that they do not have.
    """

    labelled: int
    right: int
    seen: int
    wrong: int

    @property
    def share(self) -> float:
        """The part that is named rightly, of those with a label; 1 of none."""
        return self.right / self.labelled if self.labelled else 1.0


def naming(case: Case, report: Report) -> Naming:
    """Compare a chaff's labels with what its report names."""
    told = [
        (check.mistake, said(check.message, "en"))
        for item in report.verdict.items.values()
        for check in item.checks
        if check.state != "passed"
    ]
    named = tuple(dict.fromkeys(key for key, _ in told if key))
    best = [words for key, words in told if key in case.mistakes] or [words for _, words in told if words]
    return Naming(case.name, case.why, case.mistakes, named, next(iter(best), ""))


def count(namings: Iterable[Naming]) -> Named:
    """Count what was named; a chaff without a label counts only if something is named, which is then wrong."""
    namings = list(namings)
    labelled = [one for one in namings if one.labels]
    return Named(
        labelled=len(labelled),
        right=sum(one.outcome == "named" for one in labelled),
        seen=sum(one.outcome == "seen" for one in labelled),
        wrong=sum(one.outcome == "wrong" for one in namings),
    )


def faults(namings: Iterable[Naming]) -> list[str]:
    """Say which chaffs are told a mistake that they do not have."""
    return [
        f"chaff {one.chaff}: its feedback names {', '.join(map(repr, one.wrong))}; "
        + (f"its label is {', '.join(map(repr, one.labels))}" if one.labels else "it has no line '# mistake: ...'")
        for one in namings
        if one.wrong
    ]


HEAD = "| mistake | label | feedback | |\n|---|---|---|---|\n"


def row(one: Naming) -> str:
    """Write a labelled chaff as a row of the table: what it is, its labels, what it is told, and how that went."""
    cells = (f"`{one.chaff}`: {one.why}", ", ".join(one.labels), one.told, one.outcome)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def mistakes_table(assignments: Mapping[str, Sequence[Naming]]) -> str:
    """Write all labelled chaffs as a Markdown document, with the counts of each assignment."""
    counts = {name: count(namings) for name, namings in assignments.items()}
    whole = [one for namings in assignments.values() for one in namings]
    lines = [
        "# Mistakes, and what the feedback says",
        "",
        "Made by `gradjudge verify --mistakes docs/mistakes.md`: every wrong solution in `autograder/*/chaffs` that",
        "has a label, and the sentence that names its mistake, or else the first that its student reads.",
        "[What labels are](test-writers.md#labelling-mistakes).",
        "",
        "| lab | labelled | named | only what was seen | named wrongly |",
        "|---|---|---|---|---|",
        *(_counted(f"`{name}`", one) for name, one in counts.items()),
        _counted("all", count(whole)),
    ]
    for name, namings in assignments.items():
        lines += ["", f"## {name}", "", HEAD.rstrip("\n"), *(row(one) for one in namings if one.labels)]
    return "\n".join(lines) + "\n"


def _counted(what: str, one: Named) -> str:
    return f"| {what} | {one.labelled} | {one.right} ({one.share:.0%}) | {one.seen} | {one.wrong} |"
