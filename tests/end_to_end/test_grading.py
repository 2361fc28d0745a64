"""Grading honest, unlucky and hostile submissions of a small lab, for real."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_course import RIGHT, make_course, notebook

from gradjudge.cohort import supervisor as supervisors
from gradjudge.course.layout import Course
from gradjudge.reports.record import Report, verdict_bytes
from gradjudge.reports.views import public_view

Judge = Callable[..., Report]

ALL = {"double": 3.0, "square": 4.0, "follow": 2.0}
"""Points of the automatic items."""


def points(report: Report) -> dict[str, float]:
    """Return the points of the automatic items."""
    return {name: item.points for name, item in report.verdict.items.items() if item.kind == "auto"}


def states(report: Report) -> dict[str, str]:
    """Return the states of the automatic items."""
    return {name: item.state for name, item in report.verdict.items.items() if item.kind == "auto"}


def test_a_right_solution_earns_everything(judge: Judge) -> None:
    """Full marks on the automatic items; the manual one is pending, and the layers of the jail are named."""
    report = judge(RIGHT)
    assert points(report) == ALL
    assert (report.verdict.score, report.verdict.max_score, report.verdict.pending) == (9.0, 9.0, 5.0)
    assert report.verdict.items["essay"].state == "pending"
    assert {"landlock", "seccomp", "no_new_privs", "rlimits"} <= set(report.run.jail)


def test_a_notebook_and_a_script_earn_the_same(judge: Judge) -> None:
    """The form of a submission does not matter; magics and shell lines cost nothing."""
    report = judge(notebook("%matplotlib inline\n!pip install tqdm", *re.split(r"\n\n(?=\S)", RIGHT)), "lab.ipynb")
    assert points(report) == ALL


def test_an_empty_submission_fails_plainly(judge: Judge) -> None:
    """Nothing done is failed, not crashed or ungraded."""
    report = judge("raise NotImplementedError()")
    assert points(report) == dict.fromkeys(ALL, 0.0)
    assert set(states(report).values()) == {"failed"}


def test_the_same_submission_gives_the_same_bytes(judge: Judge) -> None:
    """A verdict does not depend on the time."""
    wrong = RIGHT.replace("2 * x * grad_output", "x * grad_output")
    assert verdict_bytes(judge(wrong)) == verdict_bytes(judge(wrong))


def test_a_wrong_backward_loses_its_item_and_not_what_follows(judge: Judge) -> None:
    """What uses the wrong Function is judged with a stand-in, and the report says so."""
    report = judge(RIGHT.replace("2 * x * grad_output", "2 * x"))
    assert points(report) == ALL | {"square": 0.0}
    item = report.verdict.items["square"]
    assert [check.state for check in item.checks if check.name == "square_gradient"] == ["failed"]
    assert report.verdict.items["follow"].judged_with == ("Square",)


def test_checks_of_a_table_earn_one_by_one(judge: Judge) -> None:
    """A function that is right for numbers only keeps those points."""
    report = judge(RIGHT.replace("return 2 * x\n", "return 2 * float(x)\n", 1))
    assert (report.verdict.items["double"].points, states(report)["double"]) == (1.0, "partial")


def test_a_forbidden_call_costs_its_item(judge: Judge) -> None:
    """Reading the source finds what the values do not show."""
    report = judge(RIGHT.replace("(x,) = ctx.saved_tensors", "(x,) = ctx.saved_tensors; torch.autograd.grad"))
    assert points(report) == ALL | {"square": 0.0}


def test_source_that_cannot_be_read_is_not_trusted(judge: Judge) -> None:
    """A class without source in the submission costs the item with a rule about it, with a plain message."""
    hidden = f"import base64\nexec(base64.b64decode({base64.b64encode(RIGHT.encode())!r}))"
    report = judge(hidden)
    assert points(report) == ALL | {"square": 0.0}
    told = [check.message.get("en", "") for check in report.verdict.items["square"].checks]
    assert any("Square.backward could not be read" in text for text in told)


def test_an_endless_cell_costs_only_its_time(judge: Judge) -> None:
    """The loop is interrupted and the rest is graded."""
    report = judge(notebook("while True:\n    pass", RIGHT), "lab.ipynb")
    assert points(report) == ALL
    assert [cell.state for cell in report.verdict.cells] == ["timed-out"]


def test_an_endless_cell_that_catches_everything_is_killed(judge: Judge) -> None:
    """A loop that swallows the interrupt costs a restart, and no points."""
    stubborn = "while True:\n    try:\n        while True: sum(range(9999))\n    except BaseException: pass"
    report = judge(notebook(RIGHT, stubborn), "lab.ipynb")
    assert points(report) == ALL
    assert report.run.restarts == 1


def test_a_backward_that_exits_costs_only_its_check(judge: Judge) -> None:
    """``os._exit`` in backward crashes that check; the others find a living session."""
    report = judge(RIGHT.replace("(x,) = ctx.saved_tensors", "import os; os._exit(0)"))
    assert points(report) == ALL | {"square": 0.0}
    assert states(report)["square"] == "crashed"


def test_death_by_any_signal_is_crashed(judge: Judge) -> None:
    """A real-time signal, which has no name, too: never ungraded."""
    report = judge(RIGHT.replace("return 2 * x\n", "import os; os.kill(os.getpid(), 35)\n", 1))
    assert states(report) == {"double": "crashed", "square": "passed", "follow": "passed"}
    assert report.verdict.max_score == 9.0


@pytest.mark.parametrize("line", ["double = 5", "double = None", "double = Square", "Square = 5", "Square = double"])
def test_a_name_of_another_kind_is_failed(judge: Judge, line: str) -> None:
    """A number for a function, or vice versa, is the student's mistake."""
    report = judge(f"{RIGHT}\n{line}\n")
    assert "ungraded" not in states(report).values()
    assert report.verdict.max_score == 9.0
    assert report.verdict.score < 9.0


def test_a_judge_with_a_long_replay_does_not_count_as_hung(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaying slow cells after a death is neither charged to the next check nor a fault of ours."""
    monkeypatch.setattr(supervisors, "MARGIN", 0.5)
    cells = ["import time; time.sleep(0.4)"] * 8
    ending = RIGHT.replace("return 2 * x\n", "import os; os._exit(0)\n", 1)
    report = judge(notebook(*cells, ending), "lab.ipynb")
    assert states(report) == {"double": "crashed", "square": "passed", "follow": "passed"}
    assert report.run.faults == ()


def test_a_cell_nested_too_deep_is_not_our_fault(judge: Judge) -> None:
    """When it kills its session, its definitions are lost; those of the others are not."""
    report = judge(notebook(RIGHT, "import os; os._exit(0)\nx = f" + ".a" * 500 + "()"), "lab.ipynb")
    assert points(report) == ALL


def test_a_check_that_never_ends_is_timed_out(judge: Judge) -> None:
    """The deadline is kept from outside."""
    report = judge(RIGHT.replace("return 2 * x\n", "while True: pass\n", 1))
    assert states(report) == {"double": "timed-out", "square": "passed", "follow": "passed"}


def test_a_hundred_megabytes_of_prints_cost_nothing(judge: Judge) -> None:
    """Output is bounded where it is made."""
    flood = "for _ in range(100):\n    print('x' * 10**6)"
    report = judge(notebook(RIGHT, flood), "lab.ipynb")
    assert points(report) == ALL
    assert len(report.run.output) < 200_000


SPY = """
import gc, glob, os, sys
found = []
for pattern in ("/**/autograder/**/*.py", "/**/solutions/*"):
    found += glob.glob(ROOT + pattern, recursive=True)
for path in [ROOT + "/grading.toml", ROOT + "/autograder/lab/test_lab.py", "/proc/%d/environ" % os.getppid(),
             "/proc/%d/cmdline" % os.getppid(), "/etc/shadow", os.path.expanduser("~root/.ssh")]:
    try:
        found.append(open(path).read())
    except Exception as error:
        print(type(error).__name__)
found += [text for text in gc.get_objects() if isinstance(text, str) and "can" + "ary" in text]
frame = sys._getframe()
while frame:
    found += [repr(value)[:2000] for value in frame.f_locals.values()]
    frame = frame.f_back
raw = open("/proc/self/maps").read() if os.access("/proc/self/maps", os.R_OK) else ""
print("FOUND", found)
def double(x):
    raise ValueError(repr(found) + repr(x))
"""


def test_a_spy_finds_nothing(judge: Judge, course: Course) -> None:
    """A session sees no hidden test, solution, seed or rubric on disk, in frames, in objects or in /proc."""
    report = judge(f"ROOT = {str(course.root)!r}\n" + SPY)
    everything = verdict_bytes(report).decode() + str(report.run)
    assert "canary-of" not in everything
    assert points(report) == dict.fromkeys(ALL, 0.0)


def test_exceptions_do_not_leak_hidden_inputs(judge: Judge) -> None:
    """The text of an exception is for staff; the student sees only its type."""
    report = judge(RIGHT.replace("return 2 * x\n", "raise ValueError('LEAK ' + repr(x))\n", 1))
    assert "LEAK" in str(report.run)
    assert "LEAK" not in str(public_view(report, "en"))
    assert "LEAK" not in verdict_bytes(report).decode()


@pytest.mark.parametrize(("line", "said"), [(1, True), (2, True), (3, False), (90_001, False), (-1, False)])
def test_lines_are_checked_against_the_students_text(judge: Judge, line: int, said: bool) -> None:
    """A line that is not in it is not repeated: it could leak a hidden input."""
    raising = f"exec(compile({chr(92) + 'n'!r} * {line - 1} + 'raise ValueError', '<cell 0>', 'exec'))"
    report = judge(f"def double(x):\n    {raising}\n# three\n# four\nfive = 5")
    assert (f"line {line})" in str(public_view(report, "en"))) is said


def test_names_like_a_missing_one_are_the_students(judge: Judge) -> None:
    """If `Square` is not defined, torch's `square` is not suggested, but the student's `MySquare` is."""
    other = RIGHT.replace("Square", "MySquare").replace("import torch\n", "import torch\nfrom torch import square\n", 1)
    assert "import square" in other
    said = str(public_view(judge(other), "en"))
    assert "`Square` is not defined. Names like it in your work: `MySquare`." in said
    (reason,) = (one for one in public_view(judge(other), "en")["reasons"] if "`Square`" in one["message"])
    assert reason["count"] > 1


def test_an_undefined_name_is_reported_with_its_line(judge: Judge) -> None:
    """The message has the line and the name in it."""
    said = str(public_view(judge(RIGHT.replace("return 2 * x\n", "return 2 * secret_thing\n", 1)), "en"))
    assert "raised NameError in `double` (line" in said
    assert "): `secret_thing` is not defined." in said


def test_an_always_equal_object_earns_nothing(judge: Judge) -> None:
    """Verdicts are computed from plain values, not by an object's own methods."""
    liar = "class Yes:\n    def __eq__(self, other): return True\n    def __bool__(self): return True\n"
    report = judge(liar + RIGHT.replace("return 2 * x\n", "return Yes()\n", 1))
    assert points(report)["double"] == 0.0


def test_patching_the_judge_changes_nothing(judge: Judge) -> None:
    """The student can only patch the session's torch, pytest and builtins."""
    patches = (
        "import builtins, torch\n"
        "torch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.autograd.gradcheck = lambda *a, **k: True\n"
        "builtins.isinstance = lambda *a: True\n"
    )
    report = judge(RIGHT.replace("2 * x * grad_output", "x") + patches)
    assert points(report)["square"] == 0.0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', "not a notebook"])
def test_an_unreadable_notebook_is_a_verdict(judge: Judge, content: str) -> None:
    """It fails with a plain note in both languages, and is no fault of ours."""
    report = judge(content, "lab.ipynb")
    assert set(states(report).values()) == {"failed"}
    assert set(report.verdict.notes[0]) == {"en", "fr"}
    assert report.verdict.score == 0.0


def test_a_companion_is_importable(judge: Judge, tmp_path: Path) -> None:
    """A script may import the file beside it."""
    (tmp_path / "handed-in").mkdir()
    (tmp_path / "handed-in" / "tp_functions.py").write_text(RIGHT)
    report = judge("from tp_functions import *\nfrom tp_functions import double")
    assert points(report) == ALL


def test_suggested_names_do_not_leak_hidden_inputs(judge: Judge) -> None:
    """Only names in the student's text are suggested: others could be made from hidden inputs."""
    name = "'doubled_' + repr(x).replace('.', '_').replace('-', 'm')[-8:-1]"
    leak = f"    globals()[{name}] = 1\n    del globals()['double']\n"
    report = judge(RIGHT.replace("    return 2 * x\n", leak + "    return 2 * x\n", 1) + "def doubles(x): return x\n")
    messages = str([check.message for check in report.verdict.items["double"].checks])
    assert "doubles" in messages
    assert "doubled_" not in messages


def test_a_monstrous_cell_costs_only_itself(judge: Judge) -> None:
    """A cell that does not fit into a message is skipped, and the rest is graded."""
    report = judge(notebook(RIGHT, "x = '" + "a" * (2 << 20) + "'"), "lab.ipynb")
    assert points(report) == ALL
    assert [cell.state for cell in report.verdict.cells] == ["too-long"]


def test_places_are_numbered_as_the_student_counts(judge: Judge) -> None:
    """Cells count from 1, empty ones included; in a script it is the line of the file."""
    bad = RIGHT.strip().replace("return 2 * x\n", "raise KeyError(x)\n", 1)
    line = bad.splitlines().index("    raise KeyError(x)") + 1
    in_notebook = str(judge(notebook("", bad), "lab.ipynb").verdict.items["double"].checks[0].message)
    in_script = str(judge("\n\n" + bad).verdict.items["double"].checks[0].message)
    assert f"(cell 2, line {line})" in in_notebook
    assert f"(ligne {line + 2})" in in_script


def test_a_third_language_needs_a_catalogue_and_no_code(tmp_path: Path) -> None:
    """A course in English and Spanish: its own words are its tests' and grading.toml's, ours the catalogue's."""
    course = make_course(tmp_path)
    for file in (course.rubric_file, course.autograder("lab") / "test_lab.py"):
        text = file.read_text(encoding="utf-8").replace('"fr"', '"es"')
        file.write_text(re.sub(r"\bfr( =|:)", r"es\1", text), encoding="utf-8")
    lab = tmp_path / "lab.py"
    lab.write_text(RIGHT.replace("2 * x * grad_output", "-2 * x * grad_output"), encoding="utf-8")
    command = [sys.executable, "-m", "gradjudge.cli", "check", str(lab), "--course", str(tmp_path), "--lang", "es"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Le gradient de Square est juste." in done.stdout  # what the test has behind `es:`
    assert "El gradiente de `Square` respecto a `x` tiene el signo opuesto." in done.stdout
