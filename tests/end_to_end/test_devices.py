"""Right solutions earn the same on an accelerator as on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gradjudge.authoring.verify.corpus import read_corpus
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job

COURSE = Course(Path(__file__).parents[2])

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device: what is graded on one is not tested on this machine"
)


@pytest.mark.parametrize("name", list(COURSE.rubric.assignments))
def test_solutions_and_wheats_are_right_on_cuda(name: str, tmp_path: Path) -> None:
    """The solution and every wheat."""
    cases = [case for case in read_corpus(COURSE, COURSE.rubric.assignment(name)) if case.kind == "wheat"]
    whole = sum(item.points for item in COURSE.rubric.assignment(name).items if item.kind == "auto")
    due = {case.name: whole - sum(case.loses.values()) for case in cases} | {"solution": whole}
    files = {case.name: case.write(tmp_path / case.name) for case in cases} | {"solution": COURSE.solution(name)}
    with Supervisor(COURSE, (name,), device="cuda") as supervisor:
        got = {who: supervisor.judge(Job(who, name, str(file), "")).verdict.score for who, file in files.items()}
    assert got == due
