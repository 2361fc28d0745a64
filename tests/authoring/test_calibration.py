"""Bounds record what they are compared with; from such numbers bounds are calibrated, and bad ones reported."""

from __future__ import annotations

import math
import random
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gradjudge.authoring.verify.calibration import (
    Calibrated,
    CalibrationSettings,
    Sample,
    _calibrated,
    refuse_losses,
    samples,
    unused,
    write_bounds,
)
from gradjudge.authoring.verify.corpus import Case
from gradjudge.course.rubric import Assignment, Item, Threshold
from gradjudge.errors import CourseError
from gradjudge.judge.bounds import Bound
from gradjudge.judge.plugin import CheckContext
from gradjudge.reports.record import Compared, ItemResult, Report, Run, Verdict


def test_a_bound_records_what_it_is_compared_with() -> None:
    """On either side of the comparison, scaled or not; and it compares like its number."""
    noted: list[tuple[str, float, str]] = []
    bound = Bound(0.5, "loss", lambda *what: noted.append(what))
    assert bound >= 0.4
    assert bound > 0.25
    assert not bound > 0.6
    assert bound <= 0.7
    assert not bound <= 0.1
    assert 2 * bound >= 0.9
    assert not math.nan <= bound
    assert [what[1:] for what in noted[:6]] == [
        (0.4, "most"),
        (0.25, "most"),
        (0.6, "most"),
        (0.7, "least"),
        (0.1, "least"),
        (0.45, "most"),
    ]
    assert math.isnan(noted[6][1])
    assert isinstance(bound + 0.0, float)


def test_the_worst_number_is_kept() -> None:
    """NaN and infinity are the worst, and must not break the report: JSON has neither."""
    context: Any = SimpleNamespace(bounds={})
    for value in (0.4, 0.5, 0.3):
        CheckContext.compared(context, "train", "loss", value, "most")
        CheckContext.compared(context, "train", "accuracy", value, "least")
    assert context.bounds["loss"] == Compared("train", "most", 0.5)
    assert context.bounds["accuracy"] == Compared("train", "least", 0.3)
    for value in (math.inf, 0.9, math.nan):
        CheckContext.compared(context, "train", "loss", value, "most")
    assert context.bounds["loss"] == Compared("train", "most", None)
    assert msgspec.json.decode(msgspec.json.encode(context.bounds), type=dict[str, Compared]) == context.bounds


def sample(values: list[float], side: str = "most") -> Sample:
    """Make the sample of a threshold."""
    return Sample("train.loss", "train", side, tuple(values))


@pytest.mark.parametrize("side", ["most", "least"])
def test_a_bound_rejects_about_what_it_aims_at(side: str) -> None:
    """A bound from 200 normal runs rejects less than 1 in 500 of a hundred thousand more."""
    drawn = random.Random(0)
    values = [drawn.gauss(1.0, 0.1) for _ in range(200)]
    bound = sample(values, side).bound(0.001)
    more = [drawn.gauss(1.0, 0.1) for _ in range(100_000)]
    rejected = sum(not sample(values, side).meets(value, bound) for value in more) / len(more)
    assert rejected < 1 / 500
    assert abs(bound - 1.0) < 0.7  # and not uselessly far away


def test_a_deterministic_outcome_keeps_a_margin() -> None:
    """Identical runs have no tail, but other machines round differently."""
    assert sample([0.25] * 50).bound(0.001) == 0.253
    assert sample([0.25] * 50, "least").bound(0.001) == 0.247
    assert "50 runs" in sample([0.25] * 50).method(0.001)
    assert "1 right run in 1000" in sample([0.25] * 50).method(0.001)


ASSIGNMENT = Assignment(
    "lab",
    {"en": "Lab"},
    (Item("train", 3.0),),
    thresholds={"train.loss": Threshold(0.5), "train.share": Threshold(0.3)},
)


def report(value: float | None) -> Report:
    """Make the report of a submission that reached a number, or did not get that far."""
    bounds = {} if value is None else {"train.loss": Compared("train", "most", value)}
    run = Run("cpu", (), {}, 0.0, {}, {}, bounds=bounds)
    return Report(1, Verdict("lab", "s", "", "", "", 0, 0, 0, {}), run)


def chaff(name: str, loses: str = "train") -> Case:
    """Make a chaff."""
    return Case(name, "chaff", "", "lab.py", {}, {loses: 3.0})


WRONG = {
    "unseen": report(0.31),
    "between": report(0.45),
    "far": report(2.0),
    "other": report(0.3),
    "dead": report(None),
}
CASES = [chaff("unseen"), chaff("between"), chaff("far"), chaff("other", "q"), chaff("dead")]


def calibrated(now: float) -> Calibrated:
    """Calibrate a threshold that is `now`, with runs about 0.3, of which 0.326 is the worst."""
    drawn = random.Random(0)
    (one,) = samples(ASSIGNMENT, [report(drawn.gauss(0.30, 0.01)) for _ in range(100)])
    thresholds = {"train.loss": Threshold(now)}
    return _calibrated(one, replace(ASSIGNMENT, thresholds=thresholds), CalibrationSettings(), WRONG, CASES)


def test_a_good_bound_has_no_faults() -> None:
    """It rejects no run and every wrong solution that it can; one that no bound could reject is listed."""
    good = calibrated(0.36)
    assert good.faults == ()
    assert good.met_by == ("unseen",)
    assert 0.326 <= good.bound <= 0.36


@pytest.mark.parametrize(
    ("now", "fault"),
    [(0.302, "rejects"), (0.33, "nearer to right runs"), (0.5, "is met by wrong solutions"), (0.5, "between")],
)
def test_a_bad_bound_is_reported(now: float, fault: str) -> None:
    """Too tight, or so lenient that a wrong solution meets it."""
    assert any(fault in text for text in calibrated(now).faults)


def test_unused_thresholds_are_reported() -> None:
    """A threshold that no check compares with cannot be calibrated."""
    assert unused(ASSIGNMENT, [calibrated(0.35)]) == ["train.share"]


def test_only_bounds_are_written(tmp_path: Path) -> None:
    """Comments and order are kept, and the same bounds yield the same bytes."""
    text = (
        '# about\n[assignments.lab.thresholds]\n# kept\n"train.loss" = { value = 0.5, tolerance = { cuda = 0.01 } }\n'
    )
    path = tmp_path / "grading.toml"
    path.write_text(text)
    found = calibrated(0.5)
    write_bounds(path, "lab", [found])
    written = path.read_text()
    assert written.startswith("# about\n")
    assert "# kept" in written
    table = tomllib.loads(written)["assignments"]["lab"]["thresholds"]["train.loss"]
    assert table == {"value": found.bound, "tolerance": {"cuda": 0.01}, "method": found.method}
    write_bounds(path, "lab", [found])
    assert path.read_text() == written


@pytest.mark.parametrize("place", [0, 50, 99])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_diverging_run_yields_no_bound(place: int, value: float) -> None:
    """Whatever its position, nothing that is not finite gets into ``grading.toml``."""
    reached = [0.3] * 100
    reached[place] = value
    (one,) = samples(ASSIGNMENT, [report(number) for number in reached])
    with pytest.raises(CourseError, match=r"train\.loss: 1 of 100 runs of the solution reach no finite number"):
        _calibrated(one, ASSIGNMENT, CalibrationSettings(), WRONG, CASES)


def test_a_solution_that_loses_other_points_is_refused() -> None:
    """Only points that a bound decides may be lost."""
    right = report(0.3)
    verdict = right.verdict
    bounded = replace(right, verdict=replace(verdict, items={"train": ItemResult(0.0, 3.0, "failed")}))
    refuse_losses([right, bounded])
    wrong = replace(right, verdict=replace(verdict, items={"step": ItemResult(1.0, 3.0, "partial")}))
    with pytest.raises(CourseError, match=r"gets 1 of 3 points of 'step' in run 2"):
        refuse_losses([right, wrong])
