"""Generate releases and executed solutions from the instructor's notebook.

    source/A/A.ipynb ──gate──▶ for each language L: its cells, points, nbgrader's steps ──gate──▶ release/L/A/A.ipynb
                    └────────▶ the default language, solutions kept, executed ─────────────────▶ solutions/A/A.ipynb

The bytes depend on the source and ``grading.toml`` only. Nothing is written before every assignment has passed every
gate. ``--check`` compares releases byte for byte, but solutions without outputs, which may differ between machines and
versions of torch: a solution is executed again only when its cells have changed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from gradjudge.authoring.release.gate import cell_points, check_outputs, check_releases, check_source
from gradjudge.authoring.release.markers import without_markers
from gradjudge.authoring.release.source_notebook import (
    GIVEN,
    Json,
    Source,
    SourceCell,
    cell_json,
    dump_notebook,
    notebook_of,
    read_source,
)
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment
from gradjudge.errors import CourseError
from gradjudge.files import write_atomically
from gradjudge.sandbox.meter import WALL_FACTOR
from gradjudge.text import Text

CODE_STUB = Text("# YOUR CODE HERE\nraise NotImplementedError()")
TEXT_STUB = Text("*YOUR ANSWER HERE*")


class JudgedItem(Protocol):
    """What the gate needs of an item's result."""

    @property
    def points(self) -> float:
        """Points earned."""

    @property
    def max(self) -> float:
        """Points possible."""

    @property
    def state(self) -> str:
        """``passed``, ``failed``, ... as in a report."""

    @property
    def kind(self) -> str:
        """``auto`` or ``manual``."""


Judge = Callable[[Path], Mapping[str, JudgedItem]]
Progress = Callable[[str], None]


class Generated(msgspec.Struct, frozen=True):
    """The outcome for one generated file.

    Attributes:
        state: ``"fresh"`` (up to date), ``"written"``; with ``check``, ``"stale"`` or ``"missing"``; ``"extra"`` for a
            file in a generated folder that has no source.
    """

    assignment: str
    path: Path
    state: str

    @property
    def ok(self) -> bool:
        """Whether the file is up to date."""
        return self.state in ("fresh", "written")


def release(
    course: Course,
    names: Sequence[str] = (),
    *,
    check: bool = False,
    judge: Judge,
    progress: Progress | None = None,
) -> list[Generated]:
    """Generate the releases and solutions of some assignments (all if none is named).

    Args:
        check: write nothing; say what is stale, missing or extra.
        judge: grades a notebook and returns its items by name. Of the automatic items, the solution must get full
            marks, and the stubs nothing.
        progress: called with each step.

    Raises:
        CourseError: a gate refuses; nothing has been written.
    """
    say = progress or (lambda _: None)
    chosen = [course.rubric.assignment(name) for name in names or course.rubric.assignments]
    produced: dict[str, dict[Path, bytes]] = {}
    for assignment in chosen:
        say(f"{assignment.name}: releasing")
        produced[assignment.name] = _produce(course, assignment, check=check, judge=judge, say=say)
    outcomes = []
    for name, files in produced.items():
        outcomes += [_settle(name, path, data, check=check) for path, data in files.items()]
    return outcomes + _extras(course, produced, everything=not names)


def _produce(course: Course, assignment: Assignment, *, check: bool, judge: Judge, say: Progress) -> dict[Path, bytes]:
    """Make all files of one assignment in memory, and pass them through every gate."""
    rubric = course.rubric
    source = read_source(course.source(assignment.name))
    check_source(source, assignment, rubric.languages)
    releases = {language: make_release(source, assignment, language) for language in rubric.languages}
    check_releases(source, releases)
    files = {course.release(language, assignment.name): dump_notebook(made) for language, made in releases.items()}
    path = course.solution(assignment.name)
    files[path] = _solution(path, source, assignment, rubric.default_language, check=check, say=say)
    check_outputs(source, json.loads(files[path]))
    say(f"{assignment.name}: grading the solution and the stubs")
    _judge_files(assignment, path, files, judge)
    return files


# --- the release ----------------------------------------------------------------------------------------------------


def make_release(source: Source, assignment: Assignment, language: str) -> Json:
    """Return the students' notebook in one language.

    Raises:
        CourseError: nbgrader refuses the notebook.
    """
    cells = _cells(source, assignment, language, lambda cell: cell.source)
    notebook = notebook_of(cells, {})
    processed = _through_nbgrader(source, notebook, language)
    for cell in processed["cells"]:
        _drop_unused_pictures(cell)
    digest = hashlib.sha256(dump_notebook(processed)).hexdigest()
    made = {"assignment": assignment.name, "language": language, "release": digest}
    return {**processed, "metadata": {**processed["metadata"], "gradjudge": made}}


def _drop_unused_pictures(cell: Json) -> None:
    """Remove attachments that the text no longer shows: they were part of a model answer."""
    if "attachments" in cell:
        used = {name: data for name, data in cell["attachments"].items() if f"attachment:{name}" in cell["source"]}
        del cell["attachments"]
        cell |= {"attachments": used} if used else {}


def _cells(source: Source, assignment: Assignment, language: str, text: Callable[[SourceCell], str]) -> list[Json]:
    """Return the cells of one language, with nbgrader's metadata, the points of ``grading.toml``, and tags."""
    points = cell_points(source, assignment)
    cells = []
    for cell in source.in_language(language):
        tags = [tag for tag in cell.tags if tag != GIVEN]
        metadata: Json = {"tags": tags} if tags else {}
        if cell.nbgrader:
            metadata["nbgrader"] = {"schema_version": 3, "task": False, "locked": False} | cell.nbgrader
            if cell.is_grade:
                metadata["nbgrader"]["points"] = points[cell.grade_id]
        cells.append(cell_json(cell, text(cell), metadata))
    return cells


def _through_nbgrader(source: Source, notebook: Json, language: str) -> Json:
    """Run nbgrader's own preprocessors, in the order of its ``generate_assignment``, without its gradebook."""
    from gradjudge.authoring.release import nbgrader_steps

    try:
        return nbgrader_steps.run(notebook, code_stub=CODE_STUB.said(language), text_stub=TEXT_STUB.said(language))
    except nbgrader_steps.NbgraderError as error:
        raise CourseError(f"{source.path}: nbgrader refuses the release in '{language}': {error}") from error


# --- the solution ---------------------------------------------------------------------------------------------------


def _solution(
    path: Path, source: Source, assignment: Assignment, language: str, *, check: bool, say: Progress
) -> bytes:
    """Return the executed solution: the one on disk if it is current, else a new one (unexecuted if `check`)."""
    wanted = make_solution(source, assignment, language)
    there = path.read_bytes() if path.is_file() else None
    if there is not None and _unexecuted(there) == dump_notebook(wanted):
        return there
    if check:
        return dump_notebook(wanted)  # differs from the file, which is thus reported as stale
    from gradjudge.authoring.release.execute import execute

    say(f"{assignment.name}: executing the solution")
    wall_seconds = WALL_FACTOR * assignment.limits.cell_seconds  # grading limits the time at work, not wall time
    return dump_notebook(execute(wanted, seconds=wall_seconds, name=str(source.path)))


def make_solution(source: Source, assignment: Assignment, language: str) -> Json:
    """Return the notebook with its solutions and without markers, not executed."""
    cells = _cells(source, assignment, language, lambda cell: without_markers(cell.source))
    return notebook_of(cells, {"gradjudge": {"assignment": assignment.name, "language": language}})


def _unexecuted(data: bytes) -> bytes | None:
    """Return a notebook's bytes without outputs, or None if it is not a notebook."""
    try:
        notebook = json.loads(data)
        cells = [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]
        for cell in cells:
            if cell["cell_type"] == "code":
                cell |= {"execution_count": None, "outputs": []}
        return dump_notebook({**notebook, "cells": cells})
    except (ValueError, KeyError, TypeError):
        return None


# --- the two conditions that need grading ---------------------------------------------------------------------------


def _judge_files(assignment: Assignment, solution: Path, files: dict[Path, bytes], judge: Judge) -> None:
    """Refuse a solution that loses points and a release that earns some."""
    faults: list[str] = []
    for path, data in files.items():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            copy.write_bytes(data)
            items = judge(copy)
        for item in assignment.items:
            if item.kind == "auto":
                faults += _item_fault(path, item.name, items.get(item.name), solved=path == solution)
    if faults:
        raise CourseError("\n".join(faults))


def _item_fault(path: Path, name: str, result: JudgedItem | None, *, solved: bool) -> list[str]:
    if result is None:
        return [f"{path}: item '{name}' was not graded. Has autograder/ a test marked with it?"]
    if solved and (result.state != "passed" or result.points < result.max):
        return [
            f"{path}: the solution gets {result.points:g} of {result.max:g} points for item '{name}' "
            f"({result.state}). Mend the solution or the hidden tests."
        ]
    if not solved and (result.state != "failed" or result.points > 0):
        return [
            f"{path}: the stubs get {result.points:g} points for item '{name}' ({result.state}); expected 0 points and "
            "'failed'. Mend the stub or the hidden tests."
        ]
    return []


# --- files ----------------------------------------------------------------------------------------------------------


def _settle(assignment: str, path: Path, data: bytes, *, check: bool) -> Generated:
    """Write one file, or with `check` compare it."""
    there = path.read_bytes() if path.is_file() else None
    if there == data:
        return Generated(assignment, path, "fresh")
    if check:
        return Generated(assignment, path, "missing" if there is None else "stale")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
    return Generated(assignment, path, "written")


def _extras(course: Course, produced: Mapping[str, Mapping[Path, Any]], *, everything: bool) -> list[Generated]:
    """List files in generated folders without a source, of the assignments in `produced` or of all if `everything`."""
    wanted = {path for files in produced.values() for path in files}
    found: list[Generated] = []
    for base in course.generated:
        for path in sorted(_files(base)):
            assignment = path.parent.name
            if path not in wanted and (everything or assignment in produced):
                found.append(Generated(assignment, path, "extra"))
    return found


def _files(folder: Path) -> Iterable[Path]:
    """Yield the visible files under a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
