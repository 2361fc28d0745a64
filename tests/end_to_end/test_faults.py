"""A fault of the grader is never a zero: it is ungraded and reported, and all other items are graded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_course import HIDDEN_TESTS, RIGHT, make_course

from gradjudge.cohort import supervisor as supervisors
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.errors import InternalError
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

FIRST_LINE = "require(student.double(1.0) == 2.0,"

#: Faults by the name of the assignment that has them: what is replaced in the hidden tests, and by what.
FAULTS = {
    "error": (FIRST_LINE, "1 / 0\n    require(True,"),
    "bare_assert": (FIRST_LINE, "assert False\n    require(True,"),
    "skip": (FIRST_LINE, "pytest.skip('later')\n    require(True,"),
    "leaves": (FIRST_LINE, "raise SystemExit\n    require(True,"),
    "interrupt": (FIRST_LINE, "raise KeyboardInterrupt\n    require(True,"),
    "ends": (FIRST_LINE, "import os; os._exit(3)\n    require(True,"),
    "segfault": (FIRST_LINE, "import ctypes; ctypes.string_at(0)\n    require(True,"),
    "kills_its_host": (FIRST_LINE, "import os, time; os.kill(os.getppid(), 9); time.sleep(60)\n    require(True,"),
    "hangs_in_c": (FIRST_LINE, "import ctypes; ctypes.PyDLL(None).sleep(10**6)\n    require(True,"),
    "wants_memory": (FIRST_LINE, "bytearray(1 << 46)\n    require(True,"),
    "kills_itself": (FIRST_LINE, "import os; os.kill(os.getpid(), 9)\n    require(True,"),
    "hangs": (FIRST_LINE, "while True: pass\n    require(True,"),
    "syntax": ("CANARY =", "CANARY ==== "),
    "renamed": ("def test_follow", "def test_followed"),
    "two_fixtures": ("test_follow(student, passed)", "test_follow(student, passed, first, second)"),
    "fine": ("CANARY =", "CANARY ="),
}

#: Fixtures that each have something to put back in the session when a check is over.
HELPERS = """

@pytest.fixture
def first(student):
    with student.stand_in("first", params=("x",), formula="x"):
        yield


@pytest.fixture
def second(student):
    with student.stand_in("second", params=("x",), formula="x"):
        yield
"""


def faulty(name: str) -> str:
    """Return hidden tests with a fault."""
    old, new = FAULTS[name]
    assert old in HIDDEN_TESTS
    return HIDDEN_TESTS.replace(old, new) + HELPERS


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """Start one supervisor for all the faulty assignments."""
    course = make_course(tmp_path_factory.mktemp("faulty"), {name: faulty(name) for name in FAULTS})
    with Supervisor(course, tuple(FAULTS)) as started:
        yield started


def judge(supervisor: Supervisor, name: str, tmp_path: Path, more: str = "") -> Report:
    """Judge the right solution of an assignment, with more code after it."""
    file = tmp_path / f"{name}.py"
    file.write_text(RIGHT + more)
    return supervisor.judge(Job("ada", name, str(file), ""))


def states(report: Report) -> dict[str, str]:
    """Return the states of the automatic items."""
    return {name: item.state for name, item in report.verdict.items.items() if item.kind == "auto"}


@pytest.mark.parametrize("name", ["error", "bare_assert", "skip", "leaves", "interrupt", "wants_memory"])
def test_a_bug_in_a_hidden_test_is_ungraded(supervisor: Supervisor, name: str, tmp_path: Path) -> None:
    """It costs nobody a point, and the other items are graded."""
    report = judge(supervisor, name, tmp_path)
    assert states(report) == {"double": "ungraded", "square": "passed", "follow": "passed"}
    assert (report.verdict.score, report.verdict.max_score) == (6.0, 6.0)


@pytest.mark.parametrize("name", ["ends", "segfault", "kills_itself", "hangs", "hangs_in_c"])
def test_a_hidden_test_that_ends_or_hangs_its_judge_is_ungraded(
    supervisor: Supervisor, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is replaced, without that check; one that hangs is ended at the supervisor's deadline."""
    monkeypatch.setattr(supervisors, "MARGIN", 3.0)
    report = judge(supervisor, name, tmp_path)
    assert states(report) == {"double": "ungraded", "square": "passed", "follow": "passed"}
    assert "double_of_one" in " ".join(report.run.faults)


def test_a_session_that_is_lost_to_two_fixtures_is_no_fault_of_ours(supervisor: Supervisor, tmp_path: Path) -> None:
    """Each of them raises when it cannot undo its change, because the student's code ended the process."""
    ending = """
from gradjudge.session.answer.stand_in import StandIns
import os
StandIns.restore = lambda _: os._exit(0)
"""
    report = judge(supervisor, "two_fixtures", tmp_path, ending)
    assert states(report) == {"double": "passed", "square": "passed", "follow": "crashed"}
    assert states(judge(supervisor, "two_fixtures", tmp_path)) == dict.fromkeys(states(report), "passed")


def test_hidden_tests_that_do_not_import_are_named(supervisor: Supervisor, tmp_path: Path) -> None:
    """A syntax error leaves every item of that assignment ungraded, and names the file."""
    assert set(states(judge(supervisor, "syntax", tmp_path)).values()) == {"ungraded"}
    assert any("test_syntax.py" in problem for problem in supervisor.problems)


def test_a_check_that_the_rubric_does_not_know_is_named(supervisor: Supervisor) -> None:
    """``grading.toml`` and the hidden tests must agree."""
    assert any("no hidden test test_follow in" in problem for problem in supervisor.problems)
    assert any("lists check 'followed'" in problem for problem in supervisor.problems)


def test_one_assignments_faults_leave_the_others_alone(supervisor: Supervisor, tmp_path: Path) -> None:
    """A sound assignment beside the faulty ones is graded, and not named."""
    assert set(states(judge(supervisor, "fine", tmp_path)).values()) == {"passed"}
    assert not any("fine" in problem for problem in supervisor.problems)


def test_the_command_line_reports_faults_and_goes_on_later(tmp_path: Path) -> None:
    """An ungraded item is reported, with exit code 1; once fixed, the next run grades it."""
    course = make_course(tmp_path / "course", {"lab": faulty("error")})
    file = course.submitted / "ada/lab/lab.py"
    file.parent.mkdir(parents=True)
    file.write_text(RIGHT)
    command = [sys.executable, "-m", "gradjudge.cli", "grade", "lab", "--course", str(course.root)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "UNGRADED" in ran.stderr
    assert "ZeroDivisionError" in ran.stderr
    assert "ungraded" in course.grades_table("lab").read_text()
    (course.autograder("lab") / "test_lab.py").write_text(HIDDEN_TESTS)
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "1 graded, 0 unchanged" in ran.stdout


def test_lost_servers_are_replaced(tmp_path: Path) -> None:
    """The judge host, the zygote or their folder: with a message for staff, unless the course has changed."""
    told: list[str] = []
    course = make_course(tmp_path / "course")
    with Supervisor(course, ("lab",), tell=told.append) as supervisor:
        for which in ("host", "zygote", "folder"):
            before = supervisor.processes
            if which == "folder":
                assert supervisor._servers is not None
                assert supervisor._servers._folder is not None
                shutil.rmtree(supervisor._servers._folder.path)
            else:
                os.kill(before[which], signal.SIGKILL)
            assert set(states(judge(supervisor, "lab", tmp_path)).values()) == {"passed"}
            assert not set(before.values()) & set(supervisor.processes.values())
        assert [words.count("(SIGKILL)") for words in told] == [1, 1, 0]
        assert "was removed" in told[-1]
        # A restart must not load new hidden tests: reports would carry the key of the old ones.
        (course.autograder("lab") / "test_lab.py").write_text(HIDDEN_TESTS + "\n")
        os.kill(supervisor.processes["host"], signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(InternalError, match="changed since grading began"):
                judge(supervisor, "lab", tmp_path)


def test_a_hidden_test_that_kills_its_host_is_ungraded(supervisor: Supervisor, tmp_path: Path) -> None:
    """If the host is lost twice at the same check, that is skipped; the others are graded."""
    expected = {"double": "ungraded", "square": "passed", "follow": "passed"}
    assert states(judge(supervisor, "kills_its_host", tmp_path)) == expected


def test_a_supervisor_whose_servers_do_not_last_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not try for ever."""
    monkeypatch.setattr(supervisors, "MOST_LOSSES", 0)
    with Supervisor(make_course(tmp_path / "course"), ("lab",)) as supervisor:
        os.kill(supervisor.processes["host"], signal.SIGKILL)
        with pytest.raises(InternalError, match="given up"):
            judge(supervisor, "lab", tmp_path)
