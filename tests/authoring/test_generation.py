"""Releases, the executed solution, and what prevents either from being written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradjudge.authoring.release import nbgrader_steps
from gradjudge.authoring.release.generation import Generated, Judge
from gradjudge.authoring.release.generation import release as release_through
from gradjudge.authoring.release.source_notebook import notebook_of
from gradjudge.course.hand_in.submission import read_submission
from gradjudge.course.layout import Course
from gradjudge.course.rubric import GradingLimits
from gradjudge.errors import CourseError

GRADING = """
[course]
name = "Test"
languages = ["fr", "en"]
seed = { default = "seed" }
[assignments.lab]
title = { fr = "Le labo", en = "The lab" }
[assignments.lab.items."square.value"]
points = 2
checks = ["square_value"]
cells = ["square", "test_square"]
[assignments.lab.items."square.shape"]
points = 1.5
checks = ["square_shape"]
cells = ["test_square"]
[assignments.lab.items."why"]
points = 4
kind = "manual"
cells = ["q1"]
"""

SQUARE = '''def square(x):
    """Return x squared."""
    ### BEGIN SOLUTION
    squared_values = x * x * 1
    return squared_values
    ### END SOLUTION
'''


def markdown(cell_id: str, source: str, lang: str = "", **nbgrader: Any) -> dict[str, Any]:
    """Return a Markdown cell, with nbgrader's metadata if any is given."""
    metadata: dict[str, Any] = {"lang": lang} if lang else {}
    if nbgrader:
        metadata["nbgrader"] = nbgrader
    return {"cell_type": "markdown", "id": cell_id, "metadata": metadata, "source": source}


def code(cell_id: str, source: str, **nbgrader: Any) -> dict[str, Any]:
    """Return a code cell with a stale output."""
    output = {"output_type": "stream", "name": "stdout", "text": "stale"}
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    made = {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source}
    return {**made, "outputs": [output], "execution_count": 7}


def manual(cell_id: str, answer: str, lang: str) -> dict[str, Any]:
    """Return a question with its model answer."""
    source = f"**Q1.**\n\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
    return markdown(cell_id, source, lang, grade_id="q1", grade=True, solution=True, locked=False, schema_version=3)


def lab() -> list[dict[str, Any]]:
    """Return the cells of a sound source notebook."""
    return [
        markdown("intro-fr", "# Le labo\n## Début", "fr"),
        markdown("intro-en", "# The lab\n## Start", "en"),
        code("imports", "import sys, tempfile\nx = object()"),
        code("square", SQUARE, grade_id="square", grade=False, solution=True, locked=False, schema_version=3),
        code(
            "test_square",
            "assert square(3) == 9\nprint(x, tempfile.gettempdir(), '0.25 s')\nprint('warned', file=sys.stderr)",
            **{"grade_id": "test_square", "grade": True, "solution": False, "locked": True, "schema_version": 3},
        ),
        manual("q1-fr", "Parce que le carré est toujours positif.", "fr"),
        manual("q1-en", "Because the square is always positive.", "en"),
        markdown("end", "---"),
    ]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course with one sound assignment."""
    (tmp_path / "grading.toml").write_text(GRADING, encoding="utf-8")
    made = Course(tmp_path)
    write(made, lab())
    return made


def write(course: Course, cells: list[dict[str, Any]]) -> None:
    """Write the source notebook."""
    course.source("lab").parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    course.source("lab").write_text(json.dumps(notebook), encoding="utf-8")


def load(path: Path) -> dict[str, Any]:
    """Return a notebook with each source as one text, cells by id."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    notebook["by_id"] = {cell["id"]: {**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]}
    return notebook


def release(course: Course, *, check: bool = False, judge: Judge | None = None) -> list[Generated]:
    """Release; by default the solution gets full marks, and the stubs get nothing."""
    return release_through(course, check=check, judge=judge or FakeJudge(GOOD, NOTHING))


@pytest.fixture
def no_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the kernel, which takes seconds to start, in tests that are not about the executed solution."""
    monkeypatch.setattr("gradjudge.authoring.release.execute.execute", lambda notebook, **_: notebook)


@pytest.mark.usefixtures("no_execution")
def test_one_language_is_kept(course: Course) -> None:
    """Each release has the cells of its language and the common ones, in order, and stubs in its language."""
    release(course)
    french, english = (load(course.release(language, "lab")) for language in ("fr", "en"))
    assert list(french["by_id"]) == ["intro-fr", "imports", "square", "test_square", "q1-fr", "end"]
    assert list(english["by_id"]) == ["intro-en", "imports", "square", "test_square", "q1-en", "end"]
    stub = 'def square(x):\n    """Return x squared."""\n    # {}\n    raise NotImplementedError()\n'
    assert french["by_id"]["square"]["source"] == stub.format("VOTRE CODE ICI")
    assert english["by_id"]["square"]["source"] == stub.format("YOUR CODE HERE")
    assert french["by_id"]["q1-fr"]["source"] == "**Q1.**\n\n*VOTRE RÉPONSE ICI*"


@pytest.mark.usefixtures("no_execution")
def test_points_locks_and_outputs(course: Course) -> None:
    """Points come from grading.toml, grade cells are locked with checksums, outputs are removed."""
    release(course)
    cells = load(course.release("en", "lab"))["by_id"]
    test = cells["test_square"]
    assert test["metadata"]["nbgrader"]["points"] == 1.5 + 2
    assert test["metadata"]["nbgrader"]["checksum"]
    assert test["metadata"]["deletable"] is test["metadata"]["editable"] is False
    assert cells["q1-en"]["metadata"]["nbgrader"]["points"] == 4
    assert all(cell["outputs"] == [] for cell in cells.values() if cell["cell_type"] == "code")
    assert "lang" not in cells["intro-en"]["metadata"]


@pytest.mark.usefixtures("no_execution")
def test_pictures_and_tags(course: Course) -> None:
    """Attached pictures and tags are kept, except for the tag of the gate."""
    picture = markdown("picture", "![p](attachment:p.png)")
    picture["attachments"] = {"p.png": {"image/png": "iVBORw0KGgo="}}
    picture["metadata"]["tags"] = ["given", "wide"]
    write(course, [*lab(), picture])
    release(course)
    made = load(course.release("en", "lab"))["by_id"]["picture"]
    assert made["attachments"] == picture["attachments"]
    assert made["metadata"] == {"tags": ["wide"]}


@pytest.mark.usefixtures("no_execution")
def test_folded_cells_stay_folded(course: Course) -> None:
    """A given cell that the instructor folded is folded for students too, and no other one."""
    cells = lab()
    folded = code("tools", "tools = 1")
    folded["metadata"]["jupyter"] = {"source_hidden": True}
    write(course, [folded, *cells])
    release(course, check=False)
    made = load(course.release("fr", "lab"))["cells"]
    hidden = [cell["id"] for cell in made if cell["metadata"].get("jupyter", {}).get("source_hidden")]
    assert hidden == ["tools"]


@pytest.mark.usefixtures("no_execution")
def test_pictures_of_model_answers(course: Course) -> None:
    """A picture that only the model answer shows is not released with its question."""
    cells = lab()
    cells[6]["source"] = cells[6]["source"].replace("Because", "![p](attachment:p.png) Because")
    cells[6]["attachments"] = {"p.png": {"image/png": "iVBORw0KGgo="}}
    write(course, cells)
    release(course)
    assert "attachments" not in load(course.release("en", "lab"))["by_id"]["q1-en"]


@pytest.mark.usefixtures("no_execution")
def test_release_is_read_as_a_submission(course: Course) -> None:
    """An untouched release names its language, and has the code cells of the source."""
    release(course)
    path = course.release("fr", "lab")
    read = read_submission(path, assignment="lab", limits=GradingLimits())
    assert read.language == "fr"
    assert [cell.source.partition("\n")[0] for cell in read.cells] == [
        *("import sys, tempfile", "def square(x):", "assert square(3) == 9")
    ]


@pytest.mark.usefixtures("no_execution")
def test_deterministic_and_fresh(course: Course) -> None:
    """The same source yields the same bytes, and a second run writes nothing."""
    assert {outcome.state for outcome in release(course)} == {"written"}
    before = {path: path.read_bytes() for path in course.root.rglob("*.ipynb")}
    for path in before:
        if path != course.source("lab"):
            path.unlink()
    release(course)
    assert {path: path.read_bytes() for path in course.root.rglob("*.ipynb")} == before
    assert {outcome.state for outcome in release(course)} == {"fresh"}
    assert before[course.release("fr", "lab")].endswith(b"}\n")
    assert not list(course.root.rglob(".new-*"))


@pytest.mark.usefixtures("no_execution")
def test_check_names_what_is_not_right(course: Course) -> None:
    """`check` writes nothing and names missing, stale and extra files."""
    missing = release(course, check=True)
    assert [outcome.state for outcome in missing] == ["missing"] * 3
    assert not (course.root / "release").exists()
    release(course)
    course.release("fr", "lab").write_text("{}")
    (course.release_folder("en", "lab") / "old.ipynb").write_text("{}")
    write(course, [*lab()[:-1], markdown("end", "----")])
    states = {
        outcome.path.relative_to(course.root).as_posix(): outcome.state for outcome in release(course, check=True)
    }
    assert states == {
        "release/fr/lab/lab.ipynb": "stale",
        "release/en/lab/lab.ipynb": "stale",
        "solutions/lab/lab.ipynb": "stale",
        "release/en/lab/old.ipynb": "extra",
    }
    assert course.release("fr", "lab").read_text() == "{}"


@pytest.mark.usefixtures("no_execution")
def test_edited_solution_is_stale(course: Course) -> None:
    """A solution whose text was edited is stale; one with other outputs is not."""
    release(course)
    path = course.solution("lab")
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["other machine"]}]
    path.write_text(json.dumps(notebook))
    assert {outcome.state for outcome in release(course, check=True)} == {"fresh"}
    notebook["cells"][1]["source"] = ["x = 1"]
    path.write_text(json.dumps(notebook))
    assert [outcome.path for outcome in release(course, check=True) if not outcome.ok] == [path]


def test_solution_is_executed(course: Course) -> None:
    """The solution has its outputs, without markers, addresses, times, paths and warnings."""
    release(course)
    cells = load(course.solution("lab"))["by_id"]
    assert "SOLUTION" not in course.solution("lab").read_text()
    assert cells["square"]["source"].splitlines()[2] == "    squared_values = x * x * 1"
    assert cells["test_square"]["execution_count"] == 3
    text = {"name": "stdout", "output_type": "stream", "text": ["<object object at 0x…> … … s\n"]}
    assert cells["test_square"]["outputs"] == [text]


def test_failing_solution(course: Course) -> None:
    """A solution that fails is named with its error, and nothing is written."""
    cells = lab()
    cells[4]["source"] = "assert square(3) == 10, 'wrong square'"
    write(course, cells)
    with pytest.raises(CourseError, match="a cell of the solution fails: AssertionError: wrong square"):
        release(course)
    assert not (course.root / "release").exists()


class Result(msgspec.Struct, frozen=True):
    """An item's result, as in a report."""

    points: float
    max: float
    state: str
    kind: str = "auto"


class FakeJudge:
    """Return fixed results for the solution and the stubs, and record the calls."""

    def __init__(self, solution: Result, stub: Result) -> None:
        """Take the results of every item of the solution and of a stub."""
        self.solution, self.stub = solution, stub
        self.asked: list[str] = []

    def __call__(self, path: Path) -> dict[str, Result]:
        """Judge a notebook by whether it holds the solution."""
        solved = "squared_values" in path.read_text()
        self.asked.append(f"{path.name}: {'solution' if solved else 'stub'}")
        return dict.fromkeys(["square.value", "square.shape"], self.solution if solved else self.stub)


GOOD, NOTHING = Result(2, 2, "passed"), Result(0, 2, "failed")


@pytest.mark.usefixtures("no_execution")
def test_judge_passes_a_sound_release(course: Course) -> None:
    """The solution and both releases are judged before anything is written."""
    judge = FakeJudge(GOOD, NOTHING)
    assert all(outcome.ok for outcome in release(course, judge=judge))
    assert judge.asked == ["lab.ipynb: stub", "lab.ipynb: stub", "lab.ipynb: solution"]


@pytest.mark.usefixtures("no_execution")
@pytest.mark.parametrize(
    ("solution", "stub", "message"),
    [
        (Result(1, 2, "partial"), NOTHING, "the solution gets 1 of 2 points for item 'square.value' (partial)"),
        (Result(1, 2, "passed"), NOTHING, "the solution gets 1 of 2 points for item 'square.value' (passed)"),
        (GOOD, Result(1, 2, "partial"), "the stubs get 1 points for item 'square.value' (partial)"),
        (GOOD, Result(0, 2, "crashed"), "the stubs get 0 points for item 'square.value' (crashed)"),
    ],
)
def test_judge_refuses(course: Course, solution: Result, stub: Result, message: str) -> None:
    """If a solution loses points, or a stub earns some or crashes, nothing is written."""
    with pytest.raises(CourseError) as caught:
        release(course, judge=FakeJudge(solution, stub))
    assert message in str(caught.value)
    assert not (course.root / "release").exists()


@pytest.mark.usefixtures("no_execution")
def test_items_without_a_result(course: Course) -> None:
    """They are refused: their hidden test may be missing or unmarked."""
    with pytest.raises(CourseError, match=r"item 'square.value' was not graded. Has autograder/ a test marked with it"):
        release(course, judge=lambda _: {})


def test_hidden_regions() -> None:
    """nbgrader's hidden tests and mark schemes are not released."""
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "locked": True,
        "grade": True,
        "solution": False,
        "points": 1.0,
        "task": False,
    }
    hidden = "a = 1\n### BEGIN HIDDEN TESTS\nsecret\n### END HIDDEN TESTS"
    scheme = "Do it.\n### BEGIN MARK SCHEME\nsecret\n### END MARK SCHEME"
    cells = [
        code("t", hidden, grade_id="t", **metadata),
        markdown("k", scheme, grade_id="k", **(metadata | {"grade": False, "locked": False, "task": True})),
    ]
    made = nbgrader_steps.run(notebook_of(cells, {}), code_stub="stub", text_stub="stub")
    assert [cell["source"] for cell in made["cells"]] == ["a = 1", "Do it."]


def test_nothing_heavy_is_imported_to_read(tmp_path: Path) -> None:
    """Reading rubrics, courses and submissions imports neither torch nor Jupyter."""
    modules = ("rubric", "rubric_file", "layout", "hand_in.submission")
    imports = ", ".join(f"gradjudge.course.{module}" for module in modules)
    text = f"import sys, {imports}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not {"torch", "numpy", "nbgrader", "nbformat", "nbconvert", "IPython"} & set(done.stdout.split())


def test_a_solution_that_fails_its_own_visible_check_is_refused(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that starts with the cross of visible checks means that the solution or the check is wrong."""

    def execute(notebook: dict[str, Any], **_: object) -> dict[str, Any]:
        printed = {"output_type": "stream", "name": "stdout", "text": ["✓ right\n", "✗ square(3) has shape (1,)\n"]}
        cells = [{**cell, "outputs": [printed]} if cell["id"] == "test_square" else cell for cell in notebook["cells"]]
        return {**notebook, "cells": cells}

    monkeypatch.setattr("gradjudge.authoring.release.execute.execute", execute)
    with pytest.raises(CourseError, match=r"cell 'test_square': the executed solution prints '✗ square\(3\)"):
        release(course)
    assert not course.solution("lab").exists()
