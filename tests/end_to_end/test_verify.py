"""Verification: a strong test kills every mutant, a weak one is shown what it missed."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from gradjudge.authoring.release.releasing import release_course
from gradjudge.authoring.release.source_notebook import dump_notebook, notebook_of
from gradjudge.authoring.verify.naming import Named
from gradjudge.authoring.verify.summary import verification_lines
from gradjudge.authoring.verify.verification import Verification, VerificationSettings, verify
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Bar
from gradjudge.errors import CourseError

RUBRIC = """
[course]
name = "Verified"
languages = ["en", "fr"]
seed = { default = "seed" }
[verify]
ordinary = 0.9
evasive = 0.5
[assignments.lab]
title = { en = "Lab", fr = "Labo" }
[assignments.lab.items.double]
points = 2
checks = ["double"]
cells = ["double", "check_double"]
"""
SOLUTION = '''def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    unused_value = x + 0 * 3
    return x * 2
    ### END SOLUTION
'''
STRONG = "torch.equal(student.double(x), 2 * x)"
WEAK = "student.double(x).shape == x.shape"
HIDDEN = '''
import pytest
import torch
from gradjudge.checks import require


@pytest.mark.item("double")
def test_double(student, rng):
    """double gives twice its argument.

    fr: double donne le double de son argument.
    """
    x = torch.rand(5, generator=rng, dtype=torch.float64) + 1
    require(ASKED, "wrong", "faux", mistake="factor 3/2")
'''
PLAIN = '"""Twice."""\n\nimport torch\n\n\ndef double(x):\n    return 2 * x\n'
WRONG = '"""Three times."""\n\n# loses: double\n# mistake: factor 3/2\n\ndef double(x):\n    return 3 * x\n'


def code(name: str, text: str, **nbgrader: bool) -> dict[str, Any]:
    """Make a code cell."""
    known = {"grade": False, "solution": False, "locked": False, "grade_id": name, "schema_version": 3, "task": False}
    made: dict[str, Any] = {"cell_type": "code", "id": name, "source": text, "execution_count": None, "outputs": []}
    return made | {"metadata": {"nbgrader": known | nbgrader}}


def make_course(root: Path, asked: str, setup: str = "import torch") -> Course:
    """Write and release a course with one hidden test, a wheat and a chaff."""
    cells = [
        code("setup", setup, locked=True),
        code("double", SOLUTION, solution=True),
        code("check_double", "print(double(torch.ones(2)))", grade=True, locked=True),
    ]
    tests = root / "autograder/lab"
    for path, text in (
        (root / "grading.toml", RUBRIC.encode()),
        (root / "source/lab/lab.ipynb", dump_notebook(notebook_of(cells, {}))),
        (tests / "test_lab.py", HIDDEN.replace("ASKED", asked).encode()),
        (tests / "wheats/plain.py", PLAIN.encode()),
        (tests / "chaffs/three_times.py", WRONG.encode()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    course = Course(root)
    release_course(course, ("lab",), check=False, say=lambda _text: None, sandbox="required")
    return course


@pytest.fixture(scope="module")
def strong(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with a test that compares values."""
    return make_course(tmp_path_factory.mktemp("strong"), STRONG)


def verified(course: Course, **options: Any) -> Verification:
    """Verify the lab with its mutants."""
    return verify(
        course, "lab", VerificationSettings(mutants=True, **options), sandbox="required", say=lambda _text: None
    )


def test_a_strong_test_kills_every_mutant(strong: Course) -> None:
    """Every mutant loses the item except for equivalent ones, and there are no faults."""
    found = verified(strong, seeds=3)
    assert found.faults == ()
    assert (found.right, found.empty, found.wrong) == ((2, 2), (2, 2), (1, 1))
    assert (found.gradings, found.rejected, found.flakes) == (6, 0, 0)
    assert found.bound == 0.5
    assert found.survivors == ()
    assert found.ordinary.share == found.evasive.share == 1.0
    assert found.ordinary.killed >= 4
    assert {"drop_statement", "change_constant"} <= {same.name.split(":")[-1] for same in found.equivalent}
    assert all("unused_value" in same.diff for same in found.equivalent)
    (seen,) = found.items
    assert (seen.item, seen.chaffs) == ("double", 1)
    assert seen.caught == found.ordinary.killed + found.evasive.killed
    assert found.named == Named(labelled=1, right=1, seen=0, wrong=0)
    assert found.meets(strong.rubric.bar)


def test_a_solution_with_a_slow_cell_is_not_released(tmp_path: Path) -> None:
    """Students' would be stopped there too; the message names the notebook and the cell."""
    course = make_course(tmp_path, STRONG, setup="import torch, time\ntime.sleep(1.0)")
    rubric = tmp_path / "grading.toml"
    rubric.write_text(rubric.read_text() + "[limits]\ncell_seconds = 0.3\n")
    with pytest.raises(CourseError, match=r"lab.ipynb: code cell 1 was stopped after 0.3 s.* raise cell_seconds"):
        release_course(Course(course.root), ("lab",), check=False, say=lambda _text: None, sandbox="required")


def test_a_wrong_name_is_a_fault(tmp_path: Path) -> None:
    """A chaff for which the feedback names a wrong mistake fails, even if it loses the right points."""
    course = make_course(tmp_path, STRONG)
    chaff = tmp_path / "autograder/lab/chaffs/three_times.py"
    chaff.write_text(WRONG.replace("factor 3/2", "sign"), encoding="utf-8")
    found = verify(course, "lab", VerificationSettings(repeats=0), sandbox="required", say=lambda _text: None)
    assert found.wrong == (1, 1)
    assert found.named == Named(labelled=1, right=0, seen=0, wrong=1)
    assert found.faults == ("chaff three_times: its feedback names 'factor 3/2'; its label is 'sign'",)
    assert not found.meets(Bar(ordinary=0.0, evasive=0.0, named=0.0))


def test_a_weak_test_is_shown_what_it_missed(tmp_path: Path) -> None:
    """A test of the shape alone misses factors; the command names them, the checks to mend, and exits with 1."""
    course = make_course(tmp_path, WEAK)
    command = [sys.executable, "-m", "gradjudge.cli", "verify", "--mutants", "--course", str(course.root)]
    table = tmp_path / "mistakes.md"
    ran = subprocess.run([*command, "--json", "--mistakes", str(table)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "below the bar: lab" in ran.stderr
    (found,) = msgspec.json.decode(ran.stdout, type=list[Verification])
    assert found.faults == ("chaff three_times: loses nothing, expected double (2)",)
    assert found.named == Named(labelled=1, right=0, seen=1, wrong=0)
    assert "| `three_times`: Three times. | factor 3/2 |  | seen |" in table.read_text(encoding="utf-8")
    missed = {survivor.name.split(":")[-1]: survivor for survivor in found.survivors}
    assert {"drop_factor", "change_constant", "slightly"} <= set(missed)
    assert missed["drop_factor"].should == ("double/double",)
    console = Console(width=200, file=io.StringIO(), color_system=None)
    for line in verification_lines(found, course.rubric.bar):
        console.print(line)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of 1 wrong submissions that lose just what they should" in said
    assert "(bar 90%)" in said
    assert "0 of 1 labelled mistakes named in the feedback: 0.0% (bar 90%); 1 only seen, 0 named wrongly" in said
    assert "-    return x * 2" in said
    assert "should be seen by: double/double" in said


def test_a_fast_subset_has_only_mutants_and_a_time_limit(strong: Course) -> None:
    """Nothing else is graded without the corpus; mutants not started in time are counted."""
    found = verified(strong, corpus=False)
    assert (found.gradings, found.repeats, found.right) == (0, 0, (0, 0))
    assert (found.untried, found.faults) == (0, ())
    assert found.ordinary.killed >= 4
    late = verified(strong, corpus=False, minutes=0)
    assert late.untried == found.ordinary.made + found.evasive.made
    assert late.ordinary.made == late.evasive.made == 0
