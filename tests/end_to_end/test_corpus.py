"""The autograders are tested too: every wheat keeps its points, every chaff loses just its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradjudge.bench import Bench
from gradjudge.course import Course
from gradjudge.jobs import Job
from gradjudge.report import Report
from gradjudge.verify.corpus import Case, read_corpus

COURSE = Course(Path(__file__).parents[2])
CASES = [
    (name, case)
    for name, assignment in COURSE.rubric.assignments.items()
    for case in read_corpus(COURSE.autograder(name), assignment)
]
NO_PARAMETERS = SimpleNamespace(params={})
SEEDS = int(os.environ.get("GRADJUDGE_TEST_SEEDS", "1"))


@pytest.fixture(scope="module")
def reports(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, str, str], Future[Report]]]:
    """Judge the cases whose tests were selected, two at a time; a test waits for its own report."""
    folder = tmp_path_factory.mktemp("corpus")
    calls: list[dict[str, Any]] = [getattr(item, "callspec", NO_PARAMETERS).params for item in request.session.items]
    selected: list[tuple[str, Case]] = [(call["name"], call["case"]) for call in calls if "case" in call]
    with Bench(COURSE, tuple(dict.fromkeys(name for name, _ in selected))) as bench, ThreadPoolExecutor(2) as pool:
        assert bench.problems == []
        futures = {}
        for name, case in selected:
            file = case.write(folder / name / case.kind / case.name)
            futures[name, case.kind, case.name] = pool.submit(bench.judge, Job(case.name, name, str(file), ""))
        yield futures
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("name", "case"), [pytest.param(n, c, id=f"{n}-{c.kind}-{c.name}") for n, c in CASES])
def test_a_case_loses_what_it_says(reports: dict[tuple[str, str, str], Future[Report]], name: str, case: Case) -> None:
    """The points lost, item by item, are those that the case's header states; nothing is ungraded."""
    report = reports[name, case.kind, case.name].result()
    auto = {item: result for item, result in report.verdict.items.items() if result.kind == "auto"}
    lost = {item: round(result.max - result.points, 4) for item, result in auto.items() if result.points < result.max}
    assert lost == case.loses, case.why
    assert report.ungraded == ()


@pytest.mark.parametrize("name", list(COURSE.rubric.assignments))
def test_wheats_keep_their_points_whatever_the_seed(name: str, tmp_path: Path) -> None:
    """Other hidden inputs change nothing for a right solution; GRADJUDGE_TEST_SEEDS says how many are drawn."""
    wheats = [case for assignment, case in CASES if assignment == name and case.kind == "wheat"]
    whole = sum(item.points for item in COURSE.rubric.assignment(name).items if item.kind == "auto")
    due = {case.name: whole - sum(case.loses.values()) for case in wheats}
    files = {case.name: str(case.write(tmp_path / case.name)) for case in wheats}
    with Bench(COURSE, (name,)) as bench, ThreadPoolExecutor(2) as pool:
        for seed in range(SEEDS):
            jobs = [Job(who, name, file, "", seed=f"wheats, seed {seed}") for who, file in files.items()]
            reports = zip(jobs, pool.map(bench.judge, jobs), strict=True)
            assert {job.student: report.verdict.score for job, report in reports} == due, f"seed {seed}"


def test_the_corpus_is_large_enough() -> None:
    """Each assignment has at least three wheats in different styles and twelve chaffs."""
    for name in COURSE.rubric.assignments:
        kinds = [case.kind for assignment, case in CASES if assignment == name]
        assert kinds.count("wheat") >= 3
        assert kinds.count("chaff") >= 12
