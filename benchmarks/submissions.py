"""A cohort for both graders: notebooks that differ a little, one of them wrong, and each grader's course."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent / "speed"
ASSIGNMENT = "speed"
POINTS = {"mse": 4.0, "linear": 4.0, "training": 2.0}
#: The second student is the wrong one, so that every cohort of two or more has exactly one.
WRONG = 1
_MISTAKE = ("grad_output.sum(0)", "grad_output.mean(0)")
_STYLES = (("(yhat - y) ** 2).sum() / len(y)", "(yhat - y).pow(2)).sum() / y.shape[0]"),)

_CELL = re.compile(r"^# %% \[(\w+)\]\n", re.MULTILINE)


def student_name(index: int) -> str:
    """Return the name of the folder of student `index`."""
    return f"student{index:03d}"


def expected(index: int) -> dict[str, float]:
    """Return the points that student `index` must get for each item."""
    return {**POINTS, "linear": 0.0} if index == WRONG else dict(POINTS)


def expected_scores(count: int) -> dict[str, dict[str, float]]:
    """Return the points of each item for each student of a cohort of `count`."""
    return {student_name(index): expected(index) for index in range(count)}


def read_cells(name: str) -> dict[str, str]:
    """Read a file of ``speed/`` with cells separated by lines like ``# %% [name]``."""
    _, *parts = _CELL.split((HERE / name).read_text(encoding="utf-8"))
    return {name: source.strip() for name, source in zip(parts[::2], parts[1::2], strict=True)}


def student_cells(index: int) -> dict[str, str]:
    """Return the cells of student `index`, with variations or the mistake."""
    cells = {name: f"# {student_name(index)}\n{source}" for name, source in read_cells("cells.py").items()}
    cells["run"] = _replaced(cells["run"], "lr=0.1", f"lr={0.08 + 0.001 * (index % 40):.3f}")
    if index % 2:
        cells["mse"] = _replaced(cells["mse"], *_STYLES[0])
    if index == WRONG:
        cells["linear"] = _replaced(cells["linear"], *_MISTAKE)
    return cells


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"cells.py: {old!r} stands {text.count(old)} times in a cell where it must stand once")
    return text.replace(old, new)


def write_gradjudge_course(root: Path, count: int) -> None:
    """Write gradjudge's course with `count` submissions into `root`."""
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("__pycache__", "cells.py", "nbgrader_tests.py"))
    write_submissions(root / "submitted", count)


def write_nbgrader_source(root: Path) -> None:
    """Write an nbgrader course with the instructor's notebook into `root`: the same cells, and hidden tests."""
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    marked = {
        name: f"### BEGIN SOLUTION\n{source}\n### END SOLUTION" for name, source in read_cells("cells.py").items()
    }
    _write_notebook(folder / f"{ASSIGNMENT}.ipynb", marked, read_cells("nbgrader_tests.py"))


def write_submissions(submitted: Path, count: int) -> None:
    """Write `count` submissions in nbgrader's layout, which both graders read."""
    tests = dict.fromkeys(read_cells("nbgrader_tests.py"), "")
    for index in range(count):
        folder = submitted / student_name(index) / ASSIGNMENT
        folder.mkdir(parents=True)
        _write_notebook(folder / f"{ASSIGNMENT}.ipynb", student_cells(index), tests)


def _write_notebook(path: Path, solutions: dict[str, str], tests: dict[str, str]) -> None:
    cells = [*_solution_cells(solutions), *_test_cells(tests)]
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def _solution_cells(cells: dict[str, str]) -> Iterator[dict[str, object]]:
    for name, source in cells.items():
        yield _code_cell(f"{name}-solution", source, {"solution": True, "grade": False, "locked": False})


def _test_cells(cells: dict[str, str]) -> Iterator[dict[str, object]]:
    for name, source in cells.items():
        yield _code_cell(name, source, {"solution": False, "grade": True, "locked": True, "points": POINTS[name]})


def _code_cell(name: str, source: str, nbgrader: dict[str, object]) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"nbgrader": {"grade_id": name, "schema_version": 3, "task": False, **nbgrader}},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
