"""Choosing the file to grade: no wrong choice, and doubts are reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hand_ins import ALL, COHORT, LAB, ROOT, HandIn, notebook, script, write

from gradjudge.course.hand_in.choice import Choice, choose
from gradjudge.course.hand_in.content import Asked
from gradjudge.course.layout import Course

COURSE = Course(ROOT)
RUBRIC = """
[course]
name = "T"
languages = ["en"]
seed = { default = "s" }
[assignments.tp1]
title = { en = "T" }
aliases = { Square = ["Carre"] }
[assignments.tp1.items.a]
points = 1
checks = ["a"]
cells = ["a"]
"""


@pytest.fixture(scope="module")
def asked() -> Asked:
    """Return what the lab asks for."""
    return COURSE.asked(LAB)


def chosen(hand_in: HandIn, folder: Path, asked: Asked) -> Choice:
    """Write a hand-in and choose its file."""
    return choose(write(hand_in, folder), LAB, lambda: asked)


@pytest.mark.parametrize("name", COHORT)
def test_the_right_file_or_none(name: str, tmp_path: Path, asked: Asked) -> None:
    """The right one is taken; in doubt all candidates are named, to student and staff."""
    hand_in = COHORT[name]
    choice = chosen(hand_in, tmp_path, asked)
    assert (choice.file, choice.unread) == (hand_in.right or None, hand_in.right == "")
    assert tuple(line.split()[1] for line in choice.also) == hand_in.also
    if hand_in.right == "":
        assert choice.told is not None
        assert all(Path(file).name in choice.problem and file in str(choice.told) for file in hand_in.files)
        assert choice.told.said("fr") != str(choice.told)
    elif hand_in.right not in (f"{LAB}.ipynb", f"{LAB}.py", None):
        assert hand_in.right in str(choice.remarks[0].text)
        assert hand_in.right in choice.remarks[0].text.said("fr")
    for remark in choice.remarks:
        assert remark.text.said("fr") != str(remark.text)


def test_the_cohort_is_large() -> None:
    """Sixty folders and more, and some of them in doubt."""
    assert len(COHORT) >= 60
    assert 4 <= sum(hand_in.right == "" for hand_in in COHORT.values()) <= 10


def test_a_course_without_a_release(tmp_path: Path) -> None:
    """Then the names in the hidden tests are asked for."""
    course = Course(tmp_path / "course")
    course.autograder("tp1").mkdir(parents=True)
    (course.autograder("tp1") / "test_tp1.py").write_text(
        "def test_a(student):\n    with student.stand_in('A'):\n        student.double(student.Square.apply(1))\n"
    )
    course.rubric_file.write_text(RUBRIC)
    folder = course.submitted / "ada" / "tp1"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("class Square:\n    side = 1\n")
    (folder / "b.py").write_text("from a import *\n\ndef double(x):\n    return 2 * x\n")
    (folder / "tp1.py").write_text("def double(x):\n    raise NotImplementedError\n")
    assert sorted(course.asked("tp1").names) == ["Carre", "Square", "double"]
    (found,) = course.submissions("tp1")
    assert found.file == folder / "b.py"


def test_the_order_of_names_does_not_matter(tmp_path: Path, asked: Asked) -> None:
    """The same file is chosen with names in reverse order."""
    one = HandIn({"a.py": script(*ALL), "b.py": script("MSE")}, "a.py")
    two = HandIn({"b.py": script(*ALL), "a.py": script("MSE")}, "b.py")
    for number, hand_in in enumerate((one, two)):
        (tmp_path / str(number)).mkdir()
        assert chosen(hand_in, tmp_path / str(number), asked).file == hand_in.right


def test_a_person_chooses_by_the_right_name(tmp_path: Path, asked: Asked) -> None:
    """There is no doubt once one file has the right name."""
    for number, name in enumerate(name for name, hand_in in COHORT.items() if hand_in.right == ""):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(COHORT[name], folder)
        first = folder / next(iter(COHORT[name].files))
        if name == "only a saved state was worked on":
            (folder / "tp1_functions-checkpoint.ipynb").rename(folder / "tp1_functions.ipynb")
            first = folder / "tp1_functions.ipynb"
        taken = first.rename(folder / f"{LAB}{first.suffix}")
        assert choose(folder, LAB, lambda: asked).file == taken.name, name


def test_a_copy_with_other_outputs_is_untouched(tmp_path: Path, asked: Asked) -> None:
    """Numbers of cells, outputs and text do not count as work."""
    run = json.loads(notebook())
    run["cells"].append({"cell_type": "markdown", "source": "my notes", "metadata": {}})
    files = {f"{LAB}.ipynb": json.dumps(run).encode(), "Copy of lab.ipynb": notebook("MSE")}
    assert chosen(HandIn(files, ""), tmp_path, asked).file == "Copy of lab.ipynb"


@pytest.mark.parametrize(("name", "en", "fr"), [
    ("an export", "tp1_functions.html is a web page, which cannot be graded", "est une page web"),
    ("a PDF in a folder", "rendu/tp1.pdf is a PDF", "est un PDF"),
    ("an archive", "tp1.zip is an archive", "est une archive"),
])  # fmt: skip
def test_files_that_cannot_be_graded_are_named(name: str, en: str, fr: str, tmp_path: Path, asked: Asked) -> None:
    """The student reads what the file is and what to hand in."""
    told = chosen(COHORT[name], tmp_path, asked).told
    assert told is not None
    assert en in str(told)
    assert str(told).endswith("Hand in the Jupyter notebook itself, tp1_functions.ipynb.")
    assert fr in told.said("fr")


def test_circular_imports(tmp_path: Path, asked: Asked) -> None:
    """Twenty scripts that all import all others take no time."""
    stars = "".join(f"from m{number} import *\n" for number in range(20))
    files = {f"m{number}.py": script("MSE", head=stars) for number in range(20)}
    assert chosen(HandIn({**files, "m7.py": script(*ALL, head=stars)}, ""), tmp_path, asked).file == "m7.py"
