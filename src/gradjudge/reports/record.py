"""The record of grading one submission. Everything that people see is a pure function of it.

The *verdict* is canonical: the same submission under the same key yields the same bytes on every machine. The *run*
describes this grading (seconds, host, jail layers, details for staff) and is never compared.
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

#: States of checks and items, from best to worst.
STATES = ("passed", "partial", "failed", "timed-out", "crashed", "ungraded", "unread")
#: State of a manual item until a person marks it.
PENDING = "pending"
#: States without a judgement: they count neither as earned nor as possible points.
UNJUDGED = (PENDING, "ungraded", "unread")


class CheckResult(msgspec.Struct, frozen=True):
    """One hidden check.

    Attributes:
        name: of the test, without ``test_``.
        title: one-line description, by language.
        state: one of `STATES`.
        points, max: points earned and possible; both 0 if the item is all or nothing.
        message: for the student, by language; empty when passed.
        mistake: key of the mistake that the message names, or empty.
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
        points, max: points earned and possible.
        state: the worst state of its checks; ``partial`` if it failed but earned some points;
            ``pending`` for a manual item.
        kind: ``"auto"`` or ``"manual"``.
        checks: its checks in the order of ``grading.toml``.
        judged_with: names of the student's that failed earlier and were replaced by stand-ins.
        hint: the course's hint, by language, shown when points were lost.
    """

    points: float
    max: float
    state: str
    kind: str = "auto"
    checks: tuple[CheckResult, ...] = ()
    judged_with: tuple[str, ...] = ()
    hint: dict[str, str] = {}


class CellResult(msgspec.Struct, frozen=True):
    """A cell (or statement of a script) that did not run normally.

    Attributes:
        index: of the code cell, from 0.
        state: ``"failed"`` (it raised), ``"timed-out"``, ``"crashed"`` (it ended the process),
            ``"skipped"`` (no time was left), ``"too-long"``, ``"magic"`` (it begins with an unknown cell magic) or
            ``"cut"`` (it ran, but its output was truncated).
        message: one line for the student, by language.
    """

    index: int
    state: str
    message: dict[str, str]


class Late(msgspec.Struct, frozen=True):
    """The time of handing in, and the fraction of the score that lateness costs."""

    handed_in: str
    penalty: float


class Verdict(msgspec.Struct, frozen=True):
    """The canonical part of a report.

    Attributes:
        score, max_score: points earned, after the late penalty, and possible, over the items judged.
        pending: points of the manual items not yet marked.
        key: digest of everything that the verdict depends on.
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
    """One check in this grading: seconds, and details for staff."""

    seconds: float
    detail: str = ""


class Compared(msgspec.Struct, frozen=True):
    """The number compared with a threshold.

    Attributes:
        item: the item of the check that compared.
        side: ``"most"`` if the number had to be at most the bound, ``"least"`` if at least.
        value: the worst number of this submission; None if one was NaN or infinite.
    """

    item: str
    side: str
    value: float | None


class Run(msgspec.Struct, frozen=True):
    """The non-canonical part of a report: never compared, never shown to students.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        jail: active layers of the jail, or ``["none"]``.
        used: seconds that the student's code computed or slept, as the time limits count them.
        waited: seconds spent waiting for a processor, which no limit counts.
        faults: what went wrong on the grader's side, for staff.
        output: the end of what the student's cells printed.
        bounds: by threshold of ``grading.toml``, the number compared with it.
        notes: on the files, for staff: which was graded, what was left out, and why.
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
    """What a judge found: a report without what the command knows, such as the student.

    Attributes:
        submission, language, items, cells: as in `Verdict`.
        run: without `notes`, which `report_of` adds.
        remarks: on the submission's files.
        unjudged: why nothing was judged, by language; else empty.
    """

    submission: str
    language: str
    items: dict[str, ItemResult]
    run: Run
    cells: tuple[CellResult, ...] = ()
    remarks: tuple[Note, ...] = ()
    unjudged: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True):
    """The record of grading one submission."""

    schema: int
    verdict: Verdict
    run: Run

    @property
    def ungraded(self) -> tuple[str, ...]:
        """Names of the items that could not be graded, by a fault of the grader."""
        return tuple(name for name, item in self.verdict.items.items() if item.state == "ungraded")

    @property
    def unread(self) -> bool:
        """Whether a person must choose the file to grade."""
        return self.state == "unread"

    @property
    def state(self) -> str:
        """The worst state of the automatic items."""
        return worst(item.state for item in self.verdict.items.values() if item.kind == "auto")


def worst(states: Iterable[str]) -> str:
    """Return the worst state (``passed`` if there are none)."""
    return max(states, key=STATES.index, default="passed")


def judge_item(points: float, checks: Sequence[CheckResult], separate: bool) -> tuple[float, str]:
    """Return an item's points and state from its checks.

    Args:
        points: what the item is worth.
        checks: the item's checks.
        separate: whether each check earns its own points; else all must pass.
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
    """Return ``(score, max_score, pending)``; `penalty` is the fraction that lateness costs.

    Ungraded and unread items count neither as earned nor as possible points: what was not judged is never a zero.
    """
    judged = [item for item in items.values() if item.state not in UNJUDGED]
    score = sum(item.points for item in judged) * (1.0 - penalty)
    pending = sum(item.max for item in items.values() if item.state == PENDING)
    return round(score, 2), round(sum(item.max for item in judged), 4), round(pending, 4)


def unjudged(assignment: Assignment, state: str, message: Text, detail: str, *, device: str = "") -> Findings:
    """Return the findings on a submission that was not judged; manual items stay pending.

    Args:
        state: ``failed`` (unreadable), ``ungraded`` (a fault of the grader) or ``unread`` (files to choose from).
        message: for the student.
        detail: for staff.
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
    """Make a report from findings and what the command knows.

    Args:
        remarks: on the choice of the file; they come before those found.
        faults: of the grader, before these findings.
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
    """Encode a report's verdict canonically."""
    return msgspec.json.encode(report.verdict, order="deterministic")


def verdict_digest(report: Report) -> str:
    """Return the SHA-256 of a report's canonical verdict, in hex."""
    return hashlib.sha256(verdict_bytes(report)).hexdigest()


def write_report(report: Report, path: Path) -> None:
    """Write a report as JSON, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=1)
    write_atomically(path, text + b"\n")


def read_report(path: Path) -> Report | None:
    """Read a report; None if there is none that this version understands."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None
    return report if report.schema == SCHEMA else None
