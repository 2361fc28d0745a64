"""The layout of a course, and the file chosen in a student's folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_course import make_course

from gradjudge.cohort.runs import KeyMaker
from gradjudge.cohort.servers import Terms
from gradjudge.course.layout import ChosenFile, Course
from gradjudge.errors import CourseError


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course without assignments."""
    (tmp_path / "grading.toml").touch()
    return Course(tmp_path)


def hand_in(course: Course, student: str, *names: str) -> Path:
    """Make a student's folder with empty files."""
    folder = course.submitted / student / "tp1"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def found(course: Course) -> ChosenFile:
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
        course.report("alice", "tp1"),
        course.grades_table("tp1"),
    ]
    assert [path.relative_to(course.root).as_posix() for path in paths] == [
        "source/tp1/tp1.ipynb",
        "release/fr/tp1/tp1.ipynb",
        "solutions/tp1/tp1.ipynb",
        "autograder/tp1",
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
    one = found(course)
    assert (one.file, one.problem) == (folder / taken, "")
    assert bool(one.remarks) == (taken not in ("tp1.ipynb", "tp1.py"))


HABITS = ["TP1.ipynb", "tp1 (1).ipynb", "tp1-Copy1.ipynb", "tp1-1.ipynb", "tp1 - Copie.ipynb", "Tp1 copy 2.IPYNB"]
HABITS += ["tp1 (1) (2).ipynb", "tp1-checkpoint.ipynb", "tp1 - Copy.ipynb", " tp1_.ipynb", "tp1.ipynb.txt"]
HABITS += ["TP1.ipynb.json", "Copy of tp1.ipynb", "Copie de tp1.ipynb", "tp1 (copie).ipynb"]


@pytest.mark.parametrize("name", HABITS)
def test_habits_of_naming(course: Course, name: str) -> None:
    """A copy's number, case and spaces do not matter, whatever other notebooks are there; a remark says so."""
    folder = hand_in(course, "alice", name, "draft.ipynb", "old.ipynb")
    one = found(course)
    assert one.file == folder / name
    (remark,) = one.remarks
    assert str(remark.text) == f"Your file is named {name}. It was taken all the same; next time name it tp1.ipynb."
    assert remark.text.said("fr").startswith(f"Votre fichier s'appelle {name}. Il a été pris quand même")
    assert remark.detail == f"{name} was taken: only its name differs from tp1.ipynb"


@pytest.mark.parametrize("name", ["tp10.ipynb", "tp1b.ipynb", "tp1_2.ipynb", "mytp1.ipynb"])
def test_other_names_are_no_habits(course: Course, name: str) -> None:
    """A name that could be another lab's is not chosen among several."""
    hand_in(course, "alice", name, "draft.ipynb", "old.ipynb")
    assert found(course).file is None


def test_several_copies(course: Course) -> None:
    """The last copy is graded, and the remark says so and names the others."""
    folder = hand_in(course, "alice", "tp1 (1).ipynb", "tp1 (10).ipynb", "tp1 (2).ipynb", "TP1.ipynb")
    one = found(course)
    assert one.file == folder / "tp1 (10).ipynb"
    (remark,) = one.remarks
    others = "tp1 (2).ipynb, tp1 (1).ipynb, TP1.ipynb"
    assert str(remark.text) == (
        f"Of several copies, tp1 (10).ipynb was taken, as the last one; not {others}. Hand in one file, tp1.ipynb."
    )
    assert remark.detail == f"tp1 (10).ipynb was taken, as the last copy of tp1.ipynb; not {others}"


def test_the_notebook_that_was_released(course: Course) -> None:
    """Of several notebooks, the only one whose metadata name the assignment is graded."""
    folder = hand_in(course, "alice", "a.ipynb", "b.ipynb", "c.ipynb")
    for name, lab in (("b.ipynb", "tp1"), ("c.ipynb", "tp2")):
        (folder / name).write_text(f'{{"cells": [], "metadata": {{"gradjudge": {{"assignment": "{lab}"}}}}}}')
    one = found(course)
    assert one.file == folder / "b.ipynb"
    assert one.remarks[0].detail == (
        "b.ipynb was taken: the only one that says it was made from tp1.ipynb; not a.ipynb, c.ipynb"
    )
    (folder / "a.ipynb").write_text((folder / "b.ipynb").read_text().replace("[]", "[ ]"))
    assert found(course).unread
    (folder / "b.ipynb").write_bytes((folder / "a.ipynb").read_bytes())
    assert found(course).file == folder / "a.ipynb"


def test_names_in_a_remark_can_be_written(course: Course) -> None:
    """Names that are not UTF-8 do not stop a report."""
    hand_in(course, "alice", "tp1 (2).ipynb", os.fsdecode(b"tp1\xa0(1).ipynb"), os.fsdecode(b"TP1 (1).ipynb"))
    for remark in found(course).remarks:
        for text in (*remark.text.in_languages(("en", "fr")).values(), remark.detail):
            text.encode()


def test_ambiguous(course: Course) -> None:
    """A person must choose among several notebooks of other names; all are named."""
    folder = hand_in(course, "alice", "a.ipynb", "b.ipynb", "c.py")
    assert (found(course).file, found(course).unread) == (None, True)
    assert found(course).problem == (
        f"{folder}: which file is to be graded? a.ipynb, b.ipynb, c.py: give it the name tp1.ipynb, or take the others "
        "away, and grade again."
    )


def test_nothing_there(course: Course) -> None:
    """A folder with nothing to grade is a problem, also with a subfolder named like a notebook."""
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


def test_a_linked_file_is_not_skipped(course: Course) -> None:
    """A link with the right name is left for the reader to refuse; no other file is graded in its place."""
    folder = hand_in(course, "alice", "draft.ipynb")
    (folder / "tp1.ipynb").symlink_to("/etc/passwd")
    assert found(course).file == folder / "tp1.ipynb"


def test_students_are_sorted_and_without_strangers(course: Course) -> None:
    """Students are sorted by name; files, our own folders and other assignments are skipped."""
    for student in ("zoe", "alice", "émile", ".ada"):
        hand_in(course, student, "tp1.py")
    (course.submitted / "list.csv").touch()
    (course.submitted / ".collected" / "tp1").mkdir(parents=True)
    (course.submitted / "bob" / "tp2").mkdir(parents=True)
    assert [entry.student for entry in course.submissions("tp1")] == [".ada", "alice", "zoe", "émile"]


def test_another_folder_of_submissions(course: Course, tmp_path: Path) -> None:
    """Submissions can lie elsewhere; a folder that is not there is an error with the remedy."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "alice" / "tp1").mkdir(parents=True)
    assert [entry.student for entry in course.submissions("tp1", elsewhere)] == ["alice"]
    with pytest.raises(CourseError, match=r"submitted: no such folder\. Put submissions into .* --submitted DIR"):
        course.submissions("tp1")


def test_links_are_not_followed(course: Course) -> None:
    """A link to an impossible name, or to itself, is its student's problem and stops nobody else."""
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
    assert not any(entry.ours for entry in entries.values())


def test_a_folder_that_we_cannot_read_is_no_fault_of_its_student(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong modes or a failing disk: the problem names the student, and is ours."""
    hand_in(course, "alice", "tp1.py")
    hand_in(course, "bob", "tp1.py")
    entries = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if "bob" in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return entries(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    alice, bob = course.submissions("tp1")
    assert alice.file is not None
    assert (bob.student, bob.file, bob.ours) == ("bob", None, True)
    assert bob.problem.endswith("bob/tp1: it cannot be looked at: Permission denied.")


def test_one_digest_says_whether_the_hidden_tests_have_changed(tmp_path: Path) -> None:
    """By name and content, for the key of a report and for replacing lost servers alike."""
    course = make_course(tmp_path)
    file = course.autograder("lab") / "test_lab.py"
    key, terms = KeyMaker(course, "cpu", "required")._assignment("lab"), Terms(course, ("lab",)).digest()
    file.write_text(file.read_text() + "\n")
    assert KeyMaker(course, "cpu", "required")._assignment("lab") != key
    assert Terms(course, ("lab",)).digest() != terms
    file.write_text(file.read_text()[:-1])
    assert (KeyMaker(course, "cpu", "required")._assignment("lab"), Terms(course, ("lab",)).digest()) == (key, terms)
