"""A small course of its own, with limits of half a second, graded for real: zygote, jail, judges, hidden tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_course import make_course

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make the small course."""
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def supervisor(course: Course) -> Iterator[Supervisor]:
    """Start one supervisor for all tests: starting takes seconds."""
    with Supervisor(course, ("lab",)) as started:
        assert started.problems == []
        yield started


@pytest.fixture
def judge(supervisor: Supervisor, tmp_path: Path) -> Callable[[str], Report]:
    """Judge the text of a script."""

    def judge(source: str, name: str = "lab.py") -> Report:
        file = tmp_path / "handed-in" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        return supervisor.judge(Job("ada", "lab", str(file), "key"))

    return judge
