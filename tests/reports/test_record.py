"""Reports: points from checks, canonical bytes, atomic writing, and the student's view."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gradjudge.course.hand_in.remarks import Note
from gradjudge.course.rubric import Assignment, Item
from gradjudge.reports.record import (
    SCHEMA,
    STATES,
    CheckResult,
    CheckRun,
    Findings,
    ItemResult,
    Late,
    Report,
    Run,
    Verdict,
    judge_item,
    read_report,
    report_of,
    totals,
    unjudged,
    verdict_bytes,
    worst,
    write_report,
)
from gradjudge.reports.views import public_view
from gradjudge.text import Text


def check(state: str, points: float = 0.0, most: float = 0.0) -> CheckResult:
    """Make a check in a state."""
    return CheckResult("c", {"en": "title", "fr": "titre"}, state, points, most, {"en": "wrong", "fr": "faux"})


def report(seconds: float = 1.0, host: str = "a") -> Report:
    """Make a small report: one item lost, one pending."""
    items = {
        "mse": ItemResult(0.0, 4.0, "failed", checks=(check("failed"),), hint={"en": "look", "fr": "regardez"}),
        "q1": ItemResult(0.0, 3.0, "pending", "manual"),
    }
    verdict = Verdict("tp1", "ada", "fr", "d" * 64, "k" * 64, 0.0, 4.0, 3.0, items)
    run = Run("cpu", ("landlock",), {}, seconds, {"mse/c": CheckRun(seconds, "hidden 0.123")}, {}, host=host)
    return Report(SCHEMA, verdict, run)


def test_states_only_get_worse() -> None:
    """The worst state wins in any order; no checks at all count as passed."""
    assert worst(["passed", "crashed", "failed"]) == "crashed"
    assert worst(reversed(STATES)) == "unread"
    assert worst([]) == "passed"


@pytest.mark.parametrize(
    ("states", "separate", "expected"),
    [
        (["passed", "passed"], False, (4.0, "passed")),
        (["passed", "failed"], False, (0.0, "failed")),
        (["passed", "failed"], True, (2.0, "partial")),
        (["failed", "failed"], True, (0.0, "failed")),
        (["passed", "timed-out"], True, (2.0, "timed-out")),
        (["passed", "ungraded"], True, (2.0, "ungraded")),
    ],
)
def test_points_of_an_item(states: list[str], separate: bool, expected: tuple[float, str]) -> None:
    """A list of checks is all or nothing; in a table each earns points; the state is the worst, or partial."""
    checks = [check(state, 2.0 if state == "passed" else 0.0, 2.0) for state in states]
    assert judge_item(4.0, checks, separate) == expected


def test_totals_leave_out_what_is_pending_or_ungraded() -> None:
    """A fault of the grader is never a zero, and a manual item waits."""
    items = {
        "a": ItemResult(3.0, 4.0, "partial"),
        "b": ItemResult(0.0, 5.0, "ungraded"),
        "c": ItemResult(0.0, 6.0, "pending", "manual"),
    }
    assert totals(items) == (3.0, 4.0, 6.0)
    assert totals(items, penalty=0.1) == (2.7, 4.0, 6.0)


def test_a_report_has_what_was_found_and_what_is_known_besides() -> None:
    """The late penalty applies to the score, not to items; remarks known beforehand come first."""
    run = Run("cpu", (), {}, 1.0, {}, {})
    found = Findings(
        "d", "fr", {"a": ItemResult(3.0, 4.0, "partial")}, run, remarks=(Note({"en": "two", "fr": "deux"}, "2"),)
    )
    known, late = Note({"en": "one", "fr": "un"}, "1"), Late("2026-01-12T11:00:00+00:00", 0.2)
    made = report_of(
        found, assignment="tp1", student="ada", key="k", late=late, remarks=(known,), faults=("a judge died",)
    )
    assert (made.verdict.assignment, made.verdict.student, made.verdict.key) == ("tp1", "ada", "k")
    assert (made.verdict.score, made.verdict.max_score, made.verdict.items["a"].points) == (2.4, 4.0, 3.0)
    assert made.verdict.late == late
    assert made.verdict.notes == ({"en": "one", "fr": "un"}, {"en": "two", "fr": "deux"})
    assert (made.run.notes, made.run.faults) == (("1", "2"), ("a judge died",))


def test_why_nothing_was_judged_is_the_first_note() -> None:
    """Remarks on the files follow it; manual items stay pending."""
    lab = Assignment("lab", {}, (Item("a", 4.0), Item("q1", 2.0, "manual")), languages=("en", "fr"))
    found = unjudged(lab, "failed", Text.own("empty", "vide"), "lab.py: empty", device="cpu")
    made = report_of(found, assignment="lab", student="ada", remarks=(Note({"en": "one", "fr": "un"}, "1"),))
    assert made.verdict.notes == ({"en": "empty", "fr": "vide"}, {"en": "one", "fr": "un"})
    assert {name: item.state for name, item in made.verdict.items.items()} == {"a": "failed", "q1": "pending"}
    assert (made.verdict.score, made.verdict.max_score, made.verdict.pending) == (0.0, 4.0, 2.0)
    assert made.run.faults == ("lab.py: empty",)


def test_the_verdict_does_not_depend_on_the_run() -> None:
    """Seconds, host and details do not touch the canonical bytes."""
    assert verdict_bytes(report(1.0, "a")) == verdict_bytes(report(2.0, "b"))


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """And nothing else is left in the folder."""
    path = tmp_path / "grades" / "ada.json"
    write_report(report(), path)
    assert read_report(path) == report()
    assert [file.name for file in path.parent.iterdir()] == ["ada.json"]


def test_half_a_report_is_no_report(tmp_path: Path) -> None:
    """Damaged, missing and newer files read as None, so that the submission is graded again."""
    path = tmp_path / "ada.json"
    write_report(report(), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert read_report(path) is None
    assert read_report(tmp_path / "nobody.json") is None
    write_report(msgspec.structs.replace(report(), schema=SCHEMA + 1), path)
    assert read_report(path) is None


def test_the_student_sees_no_detail() -> None:
    """The student's view has titles, messages and hints, but no details for staff."""
    view = public_view(report(), "fr")
    assert "hidden" not in str(view)
    assert view["items"]["mse"]["checks"][0]["message"] == "faux"
    assert view["items"]["mse"]["hint"] == "regardez"
    assert view["items"]["q1"]["state"] == "pending"
    assert {"assignment", "score", "max_score", "items", "device", "jail"} <= set(view)


def test_staff_sees_the_details() -> None:
    """The staff's view adds the details of each check and the run."""
    view = public_view(report(), "en", staff=True)
    assert view["items"]["mse"]["checks"][0]["detail"] == "hidden 0.123"
    assert view["run"]["host"] == "a"
