"""The points in each lab's notebook are those of grading.toml, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradjudge.authoring.release.source_notebook import SourceCell, read_source
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment

COURSE = Course(Path(__file__).parents[1])
LABS = tuple(COURSE.rubric.assignments)
CODE_OR_MATH = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$]*?\$|<[^>\n]+>|^### (?:BEGIN|END) SOLUTION$", re.S | re.M
)


@pytest.fixture(params=LABS)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a lab."""
    lab: str = request.param
    return lab


@pytest.fixture
def assignment(name: str) -> Assignment:
    """Return the lab's rubric."""
    return COURSE.rubric.assignment(name)


@pytest.fixture
def cells(name: str) -> tuple[SourceCell, ...]:
    """Return the cells of the instructor's notebook."""
    return read_source(COURSE.source(name)).cells


@pytest.fixture(params=["fr", "en"])
def text(request: pytest.FixtureRequest, cells: tuple[SourceCell, ...]) -> str:
    """Return the Markdown of one language as one text."""
    return "\n\n".join(cell.source for cell in cells if cell.kind == "markdown" and cell.lang == request.param)


def test_every_item_is_announced_with_its_points(text: str, assignment: Assignment) -> None:
    """Each item of grading.toml is in the text once, with its points."""
    automatic = re.findall(r"`([a-z0-9_.]+)` \((\d+) points?\b", text)
    by_hand = re.findall(r"\(item `([a-z0-9_.]+)`, (\d+) points?\)", text)
    assert sorted(automatic + by_hand) == sorted((item.name, f"{item.points:g}") for item in assignment.items)


def test_the_table_of_sections_adds_up(text: str, assignment: Assignment) -> None:
    """The points of the sections in the first table add up to those of all items, and the minutes to 90."""
    rows = re.findall(r"^\| \d\. .*\| (\d+) min \|.*\| (\d+) \|$", text, re.M)
    assert sum(int(points) for _, points in rows) == sum(item.points for item in assignment.items)
    assert sum(int(minutes) for minutes, _ in rows) == 90


def test_section_headings_repeat_the_minutes_of_the_table(text: str) -> None:
    """Each section's heading has its title and minutes from the first table."""
    table = re.findall(r"^\| (\d\. .*?) \| (\d+ min) \|", text, re.M)
    assert table == re.findall(r"^## (\d\. .*) \((\d+ min)\)$", text, re.M)


def test_french_has_no_break_spaces(cells: tuple[SourceCell, ...]) -> None:
    """No French line can break before : ; ! ? or inside quotation marks."""
    faults = [
        f"{cell.cell_id}: {found}"
        for cell in cells
        if cell.lang == "fr"
        for found in re.findall(r".{0,15}(?:(?<!\|) [;:!?](?=\s)|« | »).{0,5}", CODE_OR_MATH.sub("", cell.source))
    ]
    assert faults == []


def test_lines_of_code_fit_the_page(cells: tuple[SourceCell, ...]) -> None:
    """No line of code in the notebook is longer than 120 characters."""
    code = [(cell.cell_id, max(map(len, cell.source.split("\n")))) for cell in cells if cell.kind == "code"]
    assert [name for name, longest in code if longest > 120] == []
