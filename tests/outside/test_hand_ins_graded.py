"""A handful of hand-ins from the folder to the report: right work has full marks, however it is split into files."""

from __future__ import annotations

import json

import pytest
from hand_ins import ALL, COHORT, LAB, MARIMO, PAGE, ROOT, HandIn, notebook, write

from gradjudge.cohort import runs
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.reports.record import Report

COURSE = Course(ROOT)
RIGHT = (
    "a library and its main",
    "a script per question",
    "the lab's module imported as a module",
    "a copy of Colab's",
    "a folder with companions",
)
ODD = json.loads(notebook(*ALL))
ODD["cells"][0]["metadata"]["scores"] = [float("nan"), float("-inf")]
MORE = {
    "NaN in the metadata": HandIn({"tp1_functions.ipynb.txt": json.dumps(ODD).encode()}, ""),
    "a page": HandIn({"tp1_functions.ipynb": PAGE}, ""),
    "marimo": HandIn({"tp1_functions.py": MARIMO}, ""),
    "two authors": COHORT["two authors"],
    "an export": COHORT["an export"],
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Grade all of them as the command does."""
    folder = tmp_path_factory.mktemp("hand-ins")
    for name, hand_in in {**{name: COHORT[name] for name in RIGHT}, **MORE}.items():
        write(hand_in, folder / "submitted" / name / LAB)
    submitted, grades = folder / "submitted", folder / "grades"
    plan = runs.plan(COURSE, LAB, runs.KeyMaker(COURSE, "cpu", "required"), submitted=submitted, grades=grades)
    with Supervisor(COURSE, (LAB,)) as supervisor:
        judged = runs.run(plan.jobs, supervisor, lambda _report: None, jobs=2)
    done, _ = runs.finish(COURSE, plan, judged, submitted=submitted, grades=grades)
    return {report.verdict.student: report for report in done}


@pytest.mark.parametrize("name", [*RIGHT, "NaN in the metadata"])
def test_right_work_has_full_marks(reports: dict[str, Report], name: str) -> None:
    """Whatever the files are called, and however many there are."""
    lost = {key: item for key, item in reports[name].verdict.items.items() if item.state not in ("passed", "pending")}
    assert lost == {}
    assert reports[name].verdict.key
    assert reports[name].verdict.notes


@pytest.mark.parametrize(("name", "words"), [
    ("a page", "is a web page, which cannot be graded"),
    ("marimo", "is a marimo notebook, whose definitions are hidden in its cells"),
    ("an export", "tp1_functions.html is a web page"),
])  # fmt: skip
def test_what_cannot_be_graded_is_named(reports: dict[str, Report], name: str, words: str) -> None:
    """No points, and a sentence that says why."""
    report = reports[name]
    assert (report.state, report.verdict.score) == ("failed", 0.0)
    assert words in report.verdict.notes[0]["en"]


def test_an_undecided_choice_is_no_zero(reports: dict[str, Report]) -> None:
    """Its points count neither as earned nor as possible."""
    report = reports["two authors"]
    assert (report.state, report.verdict.score, report.verdict.max_score) == ("unread", 0.0, 0.0)
    assert report.run.faults[0].count("ada.py, bob.py")
    assert not report.ungraded
