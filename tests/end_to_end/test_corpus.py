"""The autograders are tested: every wheat keeps its points, every chaff loses just its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradjudge.authoring.verify.corpus import Case, read_corpus
from gradjudge.authoring.verify.naming import count, faults, mistakes_table, naming
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

COURSE = Course(Path(__file__).parents[2])
CASES = [
    (name, case) for name, assignment in COURSE.rubric.assignments.items() for case in read_corpus(COURSE, assignment)
]
CHAFFS = {
    name: [case for assignment, case in CASES if assignment == name and case.kind == "chaff"]
    for name in COURSE.rubric.assignments
}
NO_PARAMETERS = SimpleNamespace(params={})
SEEDS = int(os.environ.get("GRADJUDGE_TEST_SEEDS", "1"))


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    """Start one supervisor for all labs: starting takes seconds."""
    with Supervisor(COURSE, tuple(COURSE.rubric.assignments)) as started:
        assert started.problems == []
        yield started


@pytest.fixture(scope="module")
def reports(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, supervisor: Supervisor
) -> Iterator[dict[tuple[str, str, str], Future[Report]]]:
    """Judge the cases whose tests were selected, two at a time; a test waits for its own report."""
    folder = tmp_path_factory.mktemp("corpus")
    mine = [item for item in request.session.items if item.path == request.path]
    calls: list[dict[str, Any]] = [getattr(item, "callspec", NO_PARAMETERS).params for item in mine]
    selected: list[tuple[str, Case]] = [(call["name"], call["case"]) for call in calls if "case" in call]
    selected += [(call["name"], case) for call in calls for case in call.get("cases", [])]
    with ThreadPoolExecutor(2) as pool:
        futures = {}
        for name, case in {(name, case.kind, case.name): (name, case) for name, case in selected}.values():
            file = case.write(folder / name / case.kind / case.name)
            futures[name, case.kind, case.name] = pool.submit(supervisor.judge, Job(case.name, name, str(file), ""))
        yield futures
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("name", "case"), [pytest.param(n, c, id=f"{n}-{c.kind}-{c.name}") for n, c in CASES])
def test_a_case_loses_what_it_says(reports: dict[tuple[str, str, str], Future[Report]], name: str, case: Case) -> None:
    """The points lost, by item, are those in the case's header; nothing is ungraded."""
    report = reports[name, case.kind, case.name].result()
    auto = {item: result for item, result in report.verdict.items.items() if result.kind == "auto"}
    lost = {item: round(result.max - result.points, 4) for item, result in auto.items() if result.points < result.max}
    assert lost == case.loses, case.why
    assert report.ungraded == ()


@pytest.mark.parametrize(("name", "cases"), [pytest.param(n, cases, id=n) for n, cases in CHAFFS.items()])
def test_the_feedback_names_the_mistake(
    reports: dict[tuple[str, str, str], Future[Report]], name: str, cases: list[Case]
) -> None:
    """For 90 % of the labelled chaffs it does, and for none another mistake; the table in docs/ says the same."""
    namings = [naming(case, reports[name, case.kind, case.name].result()) for case in cases]
    assert faults(namings) == []
    assert count(namings).labelled >= 8
    assert count(namings).share >= COURSE.rubric.bar.named >= 0.9
    fresh = mistakes_table({name: namings})
    written = (COURSE.root / "docs" / "mistakes.md").read_text(encoding="utf-8")
    assert set(_outcomes(fresh)) <= set(_outcomes(written)), "say: gradjudge verify --mistakes docs/mistakes.md"


def _outcomes(table: str) -> list[tuple[str, ...]]:
    """Return the rows of a table of mistakes without the messages, which hold sizes of errors."""
    rows = [tuple(line.strip("| ").split(" | ")) for line in table.splitlines() if line.startswith("| `")]
    return [(row[0], row[1], row[-1]) for row in rows]


def test_enough_mistakes_are_labelled() -> None:
    """At least 60 chaffs are labelled, and the table in docs/ has a row for each, and no other."""
    labelled = [f"| `{case.name}`: " for cases in CHAFFS.values() for case in cases if case.mistakes]
    assert len(labelled) >= 60
    written = (COURSE.root / "docs" / "mistakes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `\w+`: ", written, re.MULTILINE)
    assert sorted(rows) == sorted(labelled)


@pytest.mark.parametrize("name", list(COURSE.rubric.assignments))
def test_wheats_keep_their_points_whatever_the_seed(supervisor: Supervisor, name: str, tmp_path: Path) -> None:
    """Other hidden inputs change nothing for a right solution; GRADJUDGE_TEST_SEEDS is the number of seeds."""
    wheats = [case for assignment, case in CASES if assignment == name and case.kind == "wheat"]
    whole = sum(item.points for item in COURSE.rubric.assignment(name).items if item.kind == "auto")
    due = {case.name: whole - sum(case.loses.values()) for case in wheats}
    files = {case.name: str(case.write(tmp_path / case.name)) for case in wheats}
    with ThreadPoolExecutor(2) as pool:
        for seed in range(SEEDS):
            jobs = [Job(who, name, file, "", seed=f"wheats, seed {seed}") for who, file in files.items()]
            reports = zip(jobs, pool.map(supervisor.judge, jobs), strict=True)
            assert {job.student: report.verdict.score for job, report in reports} == due, f"seed {seed}"


def test_the_corpus_is_large_enough() -> None:
    """Each assignment has at least three wheats in different styles and twelve chaffs."""
    for name in COURSE.rubric.assignments:
        kinds = [case.kind for assignment, case in CASES if assignment == name]
        assert kinds.count("wheat") >= 3
        assert kinds.count("chaff") >= 12
