"""One command grades every assignment of the course on one supervisor, in one pool."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import HIDDEN_TESTS, RIGHT, make_course

from gradjudge.course.layout import Course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Make a course of two assignments; ada did both, bob one, and eve handed in no file for one."""
    made = make_course(tmp_path / "course", {"first": HIDDEN_TESTS, "second": HIDDEN_TESTS})
    for student, name, text in (
        ("ada", "first", RIGHT),
        ("ada", "second", RIGHT.replace("2 * x * grad_output", "2 * x")),
        ("bob", "second", RIGHT),
    ):
        file = made.submitted / student / name / f"{name}.py"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    (made.submitted / "eve/first").mkdir(parents=True)
    return made


def run(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on the course."""
    command = [sys.executable, "-m", "gradjudge.cli", "grade", *arguments, "--course", str(course.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scores(course: Course, name: str) -> dict[str, str]:
    """Return the scores of one assignment's table."""
    with course.grades_table(name).open(encoding="utf-8") as table:
        return {row["student"]: row["score"] for row in csv.DictReader(table)}


def test_all_assignments_are_graded_by_one_command(course: Course) -> None:
    """Each has its table and its reports, and a second run grades nothing again."""
    ran = run(course, "--all")
    assert ran.returncode == 0, ran.stderr
    assert scores(course, "first") == {"ada": "9.0", "eve": "0.0"}
    assert scores(course, "second") == {"ada": "5.0", "bob": "9.0"}
    assert ran.stdout.index("first\n") < ran.stdout.index("second\n")
    assert run(course, "--all").stdout.count("0 graded") == 2


def test_only_names_a_student_of_any_assignment(course: Course) -> None:
    """With --all, bob need not have done both; an unknown student is an error."""
    ran = run(course, "--all", "--only", "bob")
    assert ran.returncode == 0, ran.stderr
    assert scores(course, "second") == {"bob": "9.0"}
    ran = run(course, "--all", "--only", "zoe")
    assert ran.returncode == 2
    assert "zoe: no submission of that student for any assignment" in ran.stderr


@pytest.mark.parametrize("arguments", [(), ("first", "--all")])
def test_one_or_all_must_be_said(course: Course, arguments: tuple[str, ...]) -> None:
    """Neither is guessed."""
    ran = run(course, *arguments)
    assert ran.returncode == 2
    assert "Name one assignment (first, second), or say --all." in ran.stderr
