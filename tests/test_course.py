"""Where a course's files lie, and which file of a student's folder is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradjudge.course import Course, Found
from gradjudge.errors import CourseError


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course without assignments."""
    (tmp_path / "grading.toml").touch()
    return Course(tmp_path)


def hand_in(course: Course, student: str, *names: str) -> Path:
    """Make a student's folder with empty files."""
    folder = course.submission_folder(student, "tp1")
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def found(course: Course) -> Found:
    """Return what is found of the only student."""
    (one,) = course.submissions("tp1")
    return one


def test_find_walks_up(course: Course) -> None:
    """The course of a folder is the nearest above it that has a grading.toml."""
    deep = course.root / "source" / "tp1"
    deep.mkdir(parents=True)
    assert Course.find(deep).root == course.root
    (deep / "grading.toml").touch()
    assert Course.find(deep).root == deep


def test_find_nothing(tmp_path: Path) -> None:
    """Outside of a course the error says what to do."""
    with pytest.raises(CourseError) as caught:
        Course.find(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: no grading.toml here or in a folder above. "
        "Go to the course's folder, or name it with --course FOLDER."
    )


def test_paths(course: Course) -> None:
    """The layout is that of the course and of nbgrader."""
    paths = [
        course.source("tp1"),
        course.release("fr", "tp1"),
        course.solution("tp1"),
        course.autograder("tp1"),
        course.submission_folder("alice", "tp1"),
        course.report("alice", "tp1"),
        course.grades_table("tp1"),
    ]
    assert [path.relative_to(course.root).as_posix() for path in paths] == [
        "source/tp1/tp1.ipynb",
        "release/fr/tp1/tp1.ipynb",
        "solutions/tp1/tp1.ipynb",
        "autograder/tp1",
        "submitted/alice/tp1",
        "grades/tp1/alice.json",
        "grades/tp1/grades.csv",
    ]


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["tp1.ipynb", "other.ipynb", "tp1.py"], "tp1.ipynb"),
        (["tp1.py", "other.ipynb"], "tp1.py"),
        (["TP1.ipynb", "other.ipynb"], "TP1.ipynb"),
        (["tp1.ipynb", "TP1.ipynb"], "tp1.ipynb"),
        (["alice.ipynb", "model.py", "tools.py"], "alice.ipynb"),
        (["main.py", "data.csv"], "main.py"),
        ([".hidden.ipynb", "alice.ipynb"], "alice.ipynb"),
    ],
)
def test_the_file_that_is_taken(course: Course, names: list[str], taken: str) -> None:
    """The file named like the assignment is taken, else the only notebook, else the only script."""
    folder = hand_in(course, "alice", *names)
    assert found(course) == Found("alice", folder / taken)


def test_ambiguous(course: Course) -> None:
    """Several notebooks of other names are a problem that names them."""
    folder = hand_in(course, "alice", "a.ipynb", "b.ipynb", "c.py")
    assert found(course).file is None
    assert found(course).problem == f"{folder}: found a.ipynb, b.ipynb; expected one named tp1.ipynb."


def test_nothing_there(course: Course) -> None:
    """A folder with nothing to grade is a problem, also if a folder in it has a notebook's name."""
    folder = hand_in(course, "alice", "readme.txt")
    (folder / "tp1.ipynb").mkdir()
    assert found(course).problem == f"{folder}: no notebook and no script; expected tp1.ipynb."


def test_linked_folders(course: Course) -> None:
    """A student's folder that is a link to another one is not followed."""
    folder = hand_in(course, "alice", "tp1.ipynb")
    (course.submitted / "bob").symlink_to(folder.parent)
    (course.submitted / "carol").mkdir()
    (course.submitted / "carol" / "tp1").symlink_to(folder)
    problems = {entry.student: entry.problem for entry in course.submissions("tp1")}
    assert problems["alice"] == ""
    assert "symbolic link" in problems["bob"]
    assert "symbolic link" in problems["carol"]


def test_a_linked_file_is_not_passed_over(course: Course) -> None:
    """A link with the right name is left for the reader to refuse; no other file is graded in its place."""
    folder = hand_in(course, "alice", "draft.ipynb")
    (folder / "tp1.ipynb").symlink_to("/etc/passwd")
    assert found(course).file == folder / "tp1.ipynb"


def test_students_are_sorted_and_without_strangers(course: Course) -> None:
    """Students come in the order of their names; files, hidden folders and other assignments are passed over."""
    for student in ("zoe", "alice", "émile"):
        hand_in(course, student, "tp1.py")
    (course.submitted / "list.csv").touch()
    (course.submitted / ".cache" / "tp1").mkdir(parents=True)
    (course.submitted / "bob" / "tp2").mkdir(parents=True)
    assert [entry.student for entry in course.submissions("tp1")] == ["alice", "zoe", "émile"]


def test_another_folder_of_submissions(course: Course, tmp_path: Path) -> None:
    """Submissions can lie elsewhere; a folder that is not there is an error with the remedy."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "alice" / "tp1").mkdir(parents=True)
    assert [entry.student for entry in course.submissions("tp1", elsewhere)] == ["alice"]
    with pytest.raises(CourseError, match=r"submitted: no such folder\. Put submissions into .* --submitted DIR"):
        course.submissions("tp1")


def test_where_a_link_leads_is_not_asked(course: Course) -> None:
    """A link to a name longer than any can be, or to itself, is its student's problem and stops nobody else."""
    hand_in(course, "alice", "tp1.py")
    folder = hand_in(course, "bob", "tp1.py")
    (folder / "tp1.ipynb").symlink_to("a" * 300)
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (course.submitted / "carol").mkdir()
    (course.submitted / "carol" / "tp1").symlink_to("a" * 300)
    (course.submitted / "dave").symlink_to("a" * 300)
    entries = {entry.student: entry for entry in course.submissions("tp1")}
    assert entries["alice"].file is not None
    assert entries["bob"].file == folder / "tp1.ipynb"
    assert "symbolic link" in entries["carol"].problem
    assert "cannot be looked at" in entries["dave"].problem
