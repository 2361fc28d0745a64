"""Whatever a session sends, the judge's memory stays within the wire's limits, and the report stays small."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_course import HIDDEN_TESTS, RIGHT, make_course

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.rubric import GradingLimits
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report, verdict_bytes
from gradjudge.wire.limits import DEFAULT

MB = 1 << 20
SPARE = 128 * MB
"""For a hundred thousand values as Python objects, and what the allocator keeps."""

#: Ask for what the submission calls `big` again and again, and say how much memory this judge has had at most.
GREEDY = """

def peak(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))


@pytest.mark.item("double")
def test_double_of_one(student):
    \"\"\"The largest answers are taken many times over.

    fr: Les plus grandes réponses sont prises bien des fois.
    \"\"\"
    before = peak("VmRSS:")
    for _ in range(6):
        student.double(1.0)
    require(False, f"grown {peak('VmHWM:') - before}", "")
"""

BIG = {
    "tensors": ("[torch.zeros(1 << 28, dtype=torch.uint8)] * 2", DEFAULT.total_bytes),
    "bools": ("[torch.zeros(1 << 28, dtype=torch.bool)]", DEFAULT.tensor_bytes),
    "small tensors": ("[torch.zeros(1)] * 19_000", 0),
    "lists": ("[[]] * 49_000", 0),
    "texts": ("['\\U0001f600' * 20] * 10_000", 0),
    "one text": ("'x' * 1_000_000", 0),
    "handles": ("[object() for _ in range(1500)]", 0),
}


@pytest.fixture(scope="module")
def greedy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """Start a supervisor whose first check takes large answers, with time enough on a busy machine."""
    mark = '@pytest.mark.item("double")'
    start = HIDDEN_TESTS.index(mark)
    end = HIDDEN_TESTS.index(mark, start + 1)
    course = make_course(tmp_path_factory.mktemp("greedy"), {"lab": HIDDEN_TESTS[:start] + GREEDY + HIDDEN_TESTS[end:]})
    patient = GradingLimits(cell_seconds=60, check_seconds=120, submission_seconds=600, memory_mb=1024)
    with Supervisor(course, ("lab",), limits={"lab": patient}) as started:
        assert started.problems == []
        yield started


def judge(supervisor: Supervisor, folder: Path, source: str, name: str = "lab.py") -> Report:
    """Judge the text of a submission."""
    (folder / name).write_text(source)
    return supervisor.judge(Job("ada", "lab", str(folder / name), "key"))


def high_water(pid: int) -> int:
    """Return a process's peak memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("name", BIG)
def test_the_largest_answers_do_not_pile_up(greedy: Supervisor, tmp_path: Path, name: str) -> None:
    """Six answers of the largest size take the memory of one, and the judge host does not grow."""
    value, blobs = BIG[name]
    host = greedy.processes["host"]
    before = high_water(host)
    report = judge(greedy, tmp_path, RIGHT.replace("return 2 * x\n", f"return {value}\n", 1))
    assert report.run.faults == ()
    told = report.verdict.items["double"].checks[0].message["en"]
    grown = int(told.removeprefix("grown "))
    assert grown >= blobs * 0.9
    assert grown < blobs + SPARE
    assert high_water(host) - before < 16 * MB


def test_what_a_session_says_for_staff_is_bounded(greedy: Supervisor, tmp_path: Path) -> None:
    """A session that lifts its own bound on tracebacks does not fill the report: they are cut again on our side."""
    lift = "import gradjudge.session.answer.failures as f\nf.bounded = lambda text, limit=0: text\nf.TEXT_LIMIT = 10**6"
    cells = [lift, *["raise ValueError('x' * 900_000)"] * 40, RIGHT.replace("return 2 * x\n", "1 / 0\n", 1)]
    empty: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = [{**empty, "id": f"c{place}", "source": cell} for place, cell in enumerate(cells)]
    report = judge(
        greedy, tmp_path, json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}), "lab.ipynb"
    )
    assert [cell.state for cell in report.verdict.cells] == ["failed"] * 40
    assert max(len(detail) for detail in report.run.cells.values()) > 4096  # it did send more than sessions do
    assert max(len(detail) for detail in report.run.cells.values()) < 10_000
    assert len(verdict_bytes(report)) < 100_000
    assert all(len(check.detail) < 10_000 for check in report.run.checks.values())
