"""Does the feedback name the right mistake? Compare the labels of chaffs with the mistakes in their reports.

Labels and `CheckResult.mistake` are keys of one vocabulary, so nobody has to read the sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gradjudge.authoring.verify.corpus import Case
from gradjudge.reports.record import Report
from gradjudge.reports.views import said


class Naming(msgspec.Struct, frozen=True):
    """The feedback on one chaff.

    Attributes:
        chaff: its name.
        why: the mistake, from its docstring.
        labels: keys that are true of it.
        named: keys in its report, in order.
        told: the first English message that names a true key; else the first message.
    """

    chaff: str
    why: str
    labels: tuple[str, ...]
    named: tuple[str, ...]
    told: str

    @property
    def wrong(self) -> tuple[str, ...]:
        """Named keys that are not true of it: all of them if it has no label."""
        return tuple(key for key in self.named if key not in self.labels)

    @property
    def outcome(self) -> str:
        """``"named"``, ``"wrong"``, or ``"seen"`` if no mistake is named."""
        return "wrong" if self.wrong else "named" if self.named else "seen"


class Named(msgspec.Struct, frozen=True):
    """Counts of labelled chaffs, of those whose mistake is named (`right`), and of those without a name (`seen`).

    Attributes:
        wrong: chaffs, labelled or not, for which the feedback names a mistake that they do not have.
    """

    labelled: int
    right: int
    seen: int
    wrong: int

    @property
    def share(self) -> float:
        """The share of labelled chaffs whose mistake is named; 1 if there are none."""
        return self.right / self.labelled if self.labelled else 1.0


def naming(case: Case, report: Report) -> Naming:
    """Compare a chaff's labels with the mistakes in its report."""
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
    """Count outcomes; a chaff without a label counts only as wrong."""
    namings = list(namings)
    labelled = [one for one in namings if one.labels]
    return Named(
        labelled=len(labelled),
        right=sum(one.outcome == "named" for one in labelled),
        seen=sum(one.outcome == "seen" for one in labelled),
        wrong=sum(one.outcome == "wrong" for one in namings),
    )


def faults(namings: Iterable[Naming]) -> list[str]:
    """Describe the chaffs for which the feedback names a wrong mistake."""
    return [
        f"chaff {one.chaff}: its feedback names {', '.join(map(repr, one.wrong))}; "
        + (f"its label is {', '.join(map(repr, one.labels))}" if one.labels else "it has no line '# mistake: ...'")
        for one in namings
        if one.wrong
    ]


HEAD = "| mistake | label | feedback | |\n|---|---|---|---|\n"


def row(one: Naming) -> str:
    """Format a labelled chaff as a row of the table."""
    cells = (f"`{one.chaff}`: {one.why}", ", ".join(one.labels), one.told, one.outcome)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def mistakes_table(assignments: Mapping[str, Sequence[Naming]]) -> str:
    """Format all labelled chaffs as a Markdown document, with counts per assignment."""
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
