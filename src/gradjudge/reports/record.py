"""The record of grading one submission. Everything that people see is a pure function of it.

A report has two parts. The *verdict* is canonical: the same submission under the same key gives the same bytes on every
machine. The *run* tells how it went this time (seconds, host, jail layers, staff details) and is never compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from gradjudge.course.hand_in.remarks import Note
from gradjudge.course.rubric import Assignment
from gradjudge.files import write_atomically
from gradjudge.text import Text

SCHEMA = 1

#: States of checks and items, in order; they only get worse.
STATES = ("passed", "partial", "failed", "timed-out", "crashed", "ungraded", "unread")
#: State of a manual item until a person marks it.
PENDING = "pending"
#: States that are no judgement: they count neither as earned nor as possible.
UNJUDGED = (PENDING, "ungraded", "unread")


class CheckResult(msgspec.Struct, frozen=True):
    """One hidden check.

    Attributes:
        name: name of the check (its test without ``test_``).
        title: the check's own one-line description, by language.
        state: one of `STATES`.
        points, max: what it earned, and could earn, on its own; both 0 where the item is all or nothing.
        message: what the student is told, by language; empty when passed.
        mistake: key of the mistake that the message names, the same in every language; empty where it names none.
    """

    name: str
    title: dict[str, str]
    state: str
    points: float = 0.0
    max: float = 0.0
    message: dict[str, str] = {}
    mistake: str = ""


class ItemResult(msgspec.Struct, frozen=True):
    """One item.

    Attributes:
        points, max: earned and possible points.
        state: the worst state of its checks; ``partial`` when some points were earned in spite of a failure;
            ``pending`` for a manual item.
        kind: ``"auto"`` or ``"manual"``.
        checks: its checks in the order of ``grading.toml``.
        judged_with: stand-ins that took the place of the student's own functions, which had failed before.
        hint: a hint of the course, by language, shown when points were lost.
    """

    points: float
    max: float
    state: str
    kind: str = "auto"
    checks: tuple[CheckResult, ...] = ()
    judged_with: tuple[str, ...] = ()
    hint: dict[str, str] = {}


class CellResult(msgspec.Struct, frozen=True):
    """A cell (or statement of a script) that did not simply run.

    Attributes:
        index: number of the cell, from 0, among the code cells.
        state: ``"failed"`` (it raised), ``"timed-out"``, ``"crashed"`` (it ended the process),
            ``"skipped"`` (no time was left), ``"too-long"``, ``"magic"`` (it begins with a cell magic that is not
            known here) or ``"cut"`` (it ran, and printed more than is kept).
        message: one line for the student, by language.
    """

    index: int
    state: str
    message: dict[str, str]


class Late(msgspec.Struct, frozen=True):
    """When a late submission was handed in, and the fraction of the score that this costs."""

    handed_in: str
    penalty: float


class Verdict(msgspec.Struct, frozen=True):
    """The canonical part of a report.

    Attributes:
        score, max_score: points earned (late penalty taken off), and possible, over the items that have been judged.
        pending: points of the manual items that wait for a person.
        key: digest of all that the verdict depends on; the same key gives the same verdict.
    """

    assignment: str
    student: str
    language: str
    submission: str
    key: str
    score: float
    max_score: float
    pending: float
    items: dict[str, ItemResult]
    cells: tuple[CellResult, ...] = ()
    notes: tuple[dict[str, str], ...] = ()
    late: Late | None = None


class CheckRun(msgspec.Struct, frozen=True):
    """How one check went this time: seconds, and what only staff may read."""

    seconds: float
    detail: str = ""


class Compared(msgspec.Struct, frozen=True):
    """What a threshold was compared with.

    Attributes:
        item: whose check asked.
        side: ``"most"`` if the number had to be at most the bound, ``"least"`` if at least.
        value: the worst such number of this submission; None if one was NaN or infinite.
    """

    item: str
    side: str
    value: float | None


class Run(msgspec.Struct, frozen=True):
    """How this grading went: never compared, never shown to students.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        jail: layers of the jail that were active, or ``["none"]``.
        used: seconds that the student's code computed or slept, which is what its time limits count.
        waited: seconds that it, or the judge with its answer there, waited for a processor: charged to nobody.
        faults: what went wrong on the grader's side, for staff.
        output: the end of what the student's cells printed.
        bounds: what each threshold of ``grading.toml`` was compared with.
        notes: what staff should know of the files: which was graded, what was left out, and why.
    """

    device: str
    jail: tuple[str, ...]
    versions: dict[str, str]
    seconds: float
    checks: dict[str, CheckRun]
    cells: dict[str, str]
    restarts: int = 0
    faults: tuple[str, ...] = ()
    output: str = ""
    host: str = ""
    started: str = ""
    bounds: dict[str, Compared] = {}
    notes: tuple[str, ...] = ()
    used: float = 0.0
    waited: float = 0.0


class Findings(msgspec.Struct, frozen=True):
    """What a judge found of a submission: a report but for what is known beforehand, such as whose it is.

    Attributes:
        submission, language, items, cells: as in `Verdict`.
        run: how it went; its `notes` come with the report.
        remarks: what its author and staff should know of its files.
        unjudged: why nothing of it was judged, by language; empty if it was.
    """

    submission: str
    language: str
    items: dict[str, ItemResult]
    run: Run
    cells: tuple[CellResult, ...] = ()
    remarks: tuple[Note, ...] = ()
    unjudged: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True):
    """The one frozen record of grading one submission."""

    schema: int
    verdict: Verdict
    run: Run

    @property
    def ungraded(self) -> tuple[str, ...]:
        """Name the items that could not be graded, by the grader's own fault."""
        return tuple(name for name, item in self.verdict.items.items() if item.state == "ungraded")

    @property
    def unread(self) -> bool:
        """Whether a person must say which of the student's files is to be graded."""
        return self.state == "unread"

    @property
    def state(self) -> str:
        """Tell the worst state of the automatic items."""
        return worst(item.state for item in self.verdict.items.values() if item.kind == "auto")


def worst(states: Iterable[str]) -> str:
    """Return the worst of some states (``passed`` of none)."""
    return max(states, key=STATES.index, default="passed")


def judge_item(points: float, checks: Sequence[CheckResult], separate: bool) -> tuple[float, str]:
    """Return an item's points and state from its checks.

    Args:
        points: what the item is worth.
        checks: its checks; with `separate`, each earns its own points, else all must pass.
        separate: whether the checks earn points one by one.
    """
    state = worst(check.state for check in checks)
    if separate:
        earned = round(sum(check.points for check in checks), 4)
    else:
        earned = points if state == "passed" else 0.0
    if state == "failed" and earned > 0:
        state = "partial"
    return earned, state


def totals(items: Mapping[str, ItemResult], penalty: float = 0.0) -> tuple[float, float, float]:
    """Return ``(score, max_score, pending)`` of some items; `penalty` is the fraction that lateness costs.

    An ungraded or unread item counts neither as earned nor as possible: what nobody has judged is never a zero.
    """
    judged = [item for item in items.values() if item.state not in UNJUDGED]
    score = sum(item.points for item in judged) * (1.0 - penalty)
    pending = sum(item.max for item in items.values() if item.state == PENDING)
    return round(score, 2), round(sum(item.max for item in judged), 4), round(pending, 4)


def unjudged(assignment: Assignment, state: str, message: Text, detail: str, *, device: str = "") -> Findings:
    """Return what there is to say of a submission that was not judged; its manual items stay pending.

    It is unreadable (`state` failed), or could not be judged by our fault (ungraded), or a person must choose its file
    (unread).
    """
    items = {
        item.name: ItemResult(0.0, item.points, PENDING if item.kind == "manual" else state, item.kind)
        for item in assignment.items
    }
    run = Run(device=device, jail=(), versions={}, seconds=0.0, checks={}, cells={}, faults=(detail,))
    return Findings("", "", items, run, unjudged=message.in_languages(assignment.languages))


def report_of(
    found: Findings,
    *,
    assignment: str,
    student: str,
    key: str = "",
    late: Late | None = None,
    remarks: Sequence[Note] = (),
    faults: Sequence[str] = (),
) -> Report:
    """Make a report of what was found, and of what is known besides.

    Args:
        late: when it was handed in, and the fraction of the score that this costs.
        remarks: on its files, before those that were found.
        faults: what went wrong on the grader's side before this was found.
    """
    score, maximum, pending = totals(found.items, late.penalty if late else 0.0)
    remarks = (*remarks, *found.remarks)
    notes = tuple(remark.message for remark in remarks)
    verdict = Verdict(
        assignment=assignment,
        student=student,
        language=found.language,
        submission=found.submission,
        key=key,
        score=score,
        max_score=maximum,
        pending=pending,
        items=found.items,
        cells=found.cells,
        notes=(found.unjudged, *notes) if found.unjudged else notes,
        late=late,
    )
    details = tuple(remark.detail for remark in remarks)
    return Report(SCHEMA, verdict, replace(found.run, faults=(*faults, *found.run.faults), notes=details))


def verdict_bytes(report: Report) -> bytes:
    """Encode a report's verdict canonically: the same verdict is the same bytes."""
    return msgspec.json.encode(report.verdict, order="deterministic")


def verdict_digest(report: Report) -> str:
    """Return the SHA-256 of a report's canonical verdict, in hex."""
    return hashlib.sha256(verdict_bytes(report)).hexdigest()


def write_report(report: Report, path: Path) -> None:
    """Write a report as JSON, to a temporary name first, so that no reader ever meets half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=1)
    write_atomically(path, text + b"\n")


def read_report(path: Path) -> Report | None:
    """Read a report, or return None where there is none that this version understands."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None
    return report if report.schema == SCHEMA else None
