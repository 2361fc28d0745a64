"""Each condition of the gate, by its message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradjudge.authoring.release.gate import cell_points, check_releases, check_source
from gradjudge.authoring.release.generation import make_release
from gradjudge.authoring.release.source_notebook import Source, read_source
from gradjudge.course.rubric import Assignment, Item
from gradjudge.errors import CourseError

Cells = list[dict[str, Any]]

SOLUTION = (
    "def f(x):\n    ### BEGIN SOLUTION\n    doubled_value = x + x\n    return doubled_value\n    ### END SOLUTION"
)
ANSWER = "## Q\n### BEGIN SOLUTION\nBecause two times x is x plus x.\n### END SOLUTION"
ITEMS = (
    Item("f", 2.0, checks={"f": None}, cells=("f", "test_f")),
    Item("g", 1.0, checks={"g": None}, cells=("test_f",)),
    Item("q1", 3.0, kind="manual", cells=("q1",)),
)
ASSIGNMENT = Assignment("lab", {}, ITEMS)


def cell(cell_id: str, source: str, kind: str = "markdown", lang: str = "", **nbgrader: Any) -> dict[str, Any]:
    """Return a cell as stored in the file."""
    metadata: dict[str, Any] = {"lang": lang} if lang else {}
    if nbgrader:
        metadata["nbgrader"] = {"grade": False, "solution": False, "locked": False, "schema_version": 3} | nbgrader
    return {"cell_type": kind, "id": cell_id, "metadata": metadata, "source": source}


def sound() -> Cells:
    """Return the cells of a notebook that passes."""
    return [
        cell("intro-fr", "# Un\n```\n# pas un titre\n```", lang="fr"),
        cell("intro-en", "# One", lang="en"),
        cell("f", SOLUTION, "code", grade_id="f", solution=True),
        cell("test_f", "assert f(1) == 2", "code", grade_id="test_f", grade=True, locked=True),
        cell("q1-fr", ANSWER.replace("Because", "Car"), lang="fr", grade_id="q1", grade=True, solution=True),
        cell("q1-en", ANSWER, lang="en", grade_id="q1", grade=True, solution=True),
    ]


def source_of(folder: Path, cells: Cells) -> Source:
    """Write cells as a notebook and read them as a source."""
    path = folder / "lab.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return read_source(path)


def complaints(folder: Path, cells: Cells, assignment: Assignment = ASSIGNMENT) -> list[str]:
    """Return the faults of a source, without the file's name."""
    source = source_of(folder, cells)
    with pytest.raises(CourseError) as caught:
        check_source(source, assignment, ("fr", "en"))
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{source.path}, ") for line in lines)
    return [line.removeprefix(f"{source.path}, ") for line in lines]


def test_sound(tmp_path: Path) -> None:
    """A sound notebook passes, with the items' points on their first grade cells."""
    source = source_of(tmp_path, sound())
    check_source(source, ASSIGNMENT, ("fr", "en"))
    assert cell_points(source, ASSIGNMENT) == {"test_f": 3.0, "q1": 3.0}


def test_headings_of_model_answers(tmp_path: Path) -> None:
    """Model answers may have other headings in each language."""
    cells = sound()
    cells[5]["source"] = ANSWER.replace("Because", "### First\nBecause")
    check_source(source_of(tmp_path, cells), ASSIGNMENT, ("fr", "en"))


def put(place: int, key: str, value: Any) -> Callable[[Cells], None]:
    """Return a change of one key of one cell."""

    def change(cells: Cells) -> None:
        cells[place][key] = value

    return change


def mark(place: int, **values: Any) -> Callable[[Cells], None]:
    """Return a change of one cell's nbgrader metadata."""

    def change(cells: Cells) -> None:
        cells[place]["metadata"]["nbgrader"] |= values

    return change


def drop(place: int) -> Callable[[Cells], None]:
    """Return the removal of a cell."""

    def change(cells: Cells) -> None:
        del cells[place]

    return change


CHANGES: dict[str, tuple[Callable[[Cells], None], list[str]]] = {
    "misspelt": (
        put(2, "source", SOLUTION.replace("BEGIN SOLUTION", "BEGIN SOLUTON")),
        [
            "cell 'f', line 2: '### BEGIN SOLUTON' looks like a marker; did you mean '### BEGIN SOLUTION'?.",
            "cell 'f', line 5: '### END SOLUTION' without a '### BEGIN SOLUTION' before it.",
        ],
    ),
    "no markers": (
        put(2, "source", "def f(x):\n    return x + x"),
        [
            "cell 'f': a solution cell without '### BEGIN SOLUTION' and '### END SOLUTION'; nbgrader would replace all "
            "of it. Mark what students do not get."
        ],
    ),
    "marked elsewhere": (
        mark(2, solution=False),
        ["cell 'f': a marked solution in a cell that is not a solution cell; set nbgrader's 'solution'."],
    ),
    "empty region": (
        put(2, "source", "def f(x):\n    ### BEGIN SOLUTION\n    ### END SOLUTION"),
        ["cell 'f', line 2: nothing between the markers; write the solution there."],
    ),
    "id twice": (put(3, "id", "f"), ["cell 'f': 2 cells have this id. Give each its own."]),
    "grade_id twice": (
        mark(3, grade_id="f", grade=False),
        [
            "cell 'test_f': grade_id 'f' is that of cell 'f' too. Give each its own.",
            "item 'f' of grading.toml: there is no cell with grade_id 'test_f'. There is: f, q1.",
            "item 'g' of grading.toml: there is no cell with grade_id 'test_f'. There is: f, q1.",
        ],
    ),
    "no grade_id": (
        lambda cells: cells[2]["metadata"]["nbgrader"].pop("grade_id") and None,
        [
            "cell 'f': nbgrader's metadata has no 'grade_id'. Name the cell.",
            "item 'f' of grading.toml: there is no cell with grade_id 'f'. There is: test_f, q1.",
        ],
    ),
    "strange language": (
        lambda cells: cells.append(cell("x", "y", lang="de")),
        ["cell 'x': metadata 'lang' is 'de'; the course has fr, en. There is: fr, en."],
    ),
    "code in one language": (
        lambda cells: cells.append(cell("x", "y", "code", lang="fr")),
        ["cell 'x': a code cell in one language only. Code is common to all: take metadata 'lang' out."],
    ),
    "text in one language": (
        drop(1),
        [
            "cell 'intro-fr': 1 Markdown cells in 'fr' and 0 in 'en' between the same code cells. "
            "Write what is missing in 'en'."
        ],
    ),
    "another heading": (
        put(1, "source", "intro\n## One"),
        ["cell 'intro-en', line 2: the headings of 'intro-fr' and 'intro-en' differ. Write the same ones in both."],
    ),
    "a heading missing": (
        put(1, "source", "intro"),
        ["cell 'intro-fr', line 1: the headings of 'intro-fr' and 'intro-en' differ. Write the same ones in both."],
    ),
    "question in one language": (
        mark(5, grade_id="q2"),
        [
            "cell 'q1-en': grade_id 'q2' in 'en' and 'q1' in its counterpart 'q1-fr'. Give both the same.",
            "cell 'q1-en': grade cell 'q2' belongs to no item of grading.toml. There is: f, q1, test_f.",
            "cell 'q1-fr': grade_id 'q1' is missing in 'en'. Write the cell in that language too.",
        ],
    ),
    "points disagree": (
        mark(3, points=2),
        [
            "cell 'test_f': 2 points here and 3 in grading.toml. "
            "Take 'points' out of the cell's metadata: it is written from grading.toml."
        ],
    ),
    "cell without item": (
        lambda cells: cells.append(cell("t", "1", "code", grade_id="test_g", grade=True, locked=True)),
        ["cell 't': grade cell 'test_g' belongs to no item of grading.toml. Did you mean 'test_f'?"],
    ),
    "item without grade cell": (
        mark(3, grade=False),
        [
            "item 'f' of grading.toml: none of its cells (f, test_f) is a grade cell that could carry its points.",
            "item 'g' of grading.toml: none of its cells (test_f) is a grade cell that could carry its points.",
        ],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_source_conditions(tmp_path: Path, name: str) -> None:
    """Each fault is reported with cell, line and remedy, and all faults at once."""
    change, expected = CHANGES[name]
    cells = sound()
    change(cells)
    assert complaints(tmp_path, cells) == expected


def leaks(folder: Path, cells: Cells) -> str:
    """Return the message about the releases made of `cells`, or an empty string."""
    source = source_of(folder, cells)
    made = {language: make_release(source, ASSIGNMENT, language) for language in ("fr", "en")}
    try:
        check_releases(source, made)
    except CourseError as error:
        return str(error).replace(f"{source.path}, ", "")
    return ""


def test_no_leak(tmp_path: Path) -> None:
    """Neither a sound notebook nor one that repeats common lines leaks anything."""
    cells = sound()
    cells[2]["source"] = SOLUTION.replace("doubled", "for value in range(10):\n        doubled", 1)
    cells.append(cell("loop", "for value in range(10):\n    pass", "code"))
    assert leaks(tmp_path, cells) == ""


@pytest.mark.parametrize("text", ["doubled_value = x + x", "if True:\n\tdoubled_value=x+x  # found it"])
def test_leaked_code(tmp_path: Path, text: str) -> None:
    """A line of a solution elsewhere in the release is found, whatever its spacing."""
    assert leaks(tmp_path, [*sound(), cell("hint", text)]).split("\n") == [
        f"cell 'f', line 3: this line of the solution stands in cell 'hint' of the release in '{language}': "
        "doubled_value=x+x - take it out there, or give that cell the tag 'given' if students are meant to see it."
        for language in ("fr", "en")
    ]


def test_leaked_answer(tmp_path: Path) -> None:
    """A model answer is found, also one of the other language."""
    cells = [*sound(), cell("hint", "We know: Because two times x is x plus x.", lang="fr")]
    assert "cell 'q1-en', line 3: this line of the solution stands in cell 'hint'" in leaks(tmp_path, cells)


def test_given(tmp_path: Path) -> None:
    """A cell with the tag `given` may show lines of a solution."""
    shown = cell("hint", "doubled_value = x + x")
    shown["metadata"]["tags"] = ["given"]
    assert leaks(tmp_path, [*sound(), shown]) == ""


def test_leak_in_outputs_and_metadata(tmp_path: Path) -> None:
    """Outputs and metadata of a release are searched, too."""
    source = source_of(tmp_path, sound())
    made = make_release(source, ASSIGNMENT, "fr")
    made["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["doubled_value ", "= x + x"]}]
    with pytest.raises(CourseError, match="stands in cell 'test_f'"):
        check_releases(source, {"fr": made})


def test_nbgrader_refuses(tmp_path: Path) -> None:
    """What only nbgrader refuses is reported in its words, with the file."""
    cells = sound()
    cells[3] = cell("test_f", "text", grade_id="test_f", grade=True, locked=True)
    with pytest.raises(CourseError, match="Markdown grade cell 'test_f' is not marked as a solution cell"):
        make_release(source_of(tmp_path, cells), ASSIGNMENT, "fr")
    cells = sound()
    cells[3]["metadata"]["nbgrader"]["schema_version"] = 2
    with pytest.raises(CourseError, match=r"lab.ipynb: nbgrader refuses the release in 'fr': Outdated schema"):
        make_release(source_of(tmp_path, cells), ASSIGNMENT, "fr")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD", "not a notebook: .*merge conflict"),
        ("{}", "not a notebook of nbformat 4"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code"}]}', r"cell 1: not a cell of nbformat 4"),
    ],
)
def test_no_notebook(tmp_path: Path, text: str, message: str) -> None:
    """A source that is not a notebook is reported."""
    (tmp_path / "lab.ipynb").write_text(text)
    with pytest.raises(CourseError, match=message):
        read_source(tmp_path / "lab.ipynb")


def test_no_source(tmp_path: Path) -> None:
    """A missing source says where it belongs."""
    with pytest.raises(CourseError, match=r"lab.ipynb: cannot be read .* Write the assignment's notebook there"):
        read_source(tmp_path / "lab.ipynb")
