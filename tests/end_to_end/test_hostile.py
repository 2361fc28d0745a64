"""All hostile submissions in one cohort with honest ones, graded by the real command: what each gets, and what is left.

The cases are in ``tests/hostile/``, one folder each.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hostile_cohort import ASSIGNMENT, CANARY, HERE, INPUT, POINTS, Case, Places, departures, read_cases
from leftovers import adopt_orphans, children, orphans, planted

from gradjudge.reports.record import Report, read_report, verdict_bytes

CASES = read_cases()
FAMILIES = ("leaving", "judge", "wire", "values", "stealing", "forbidden", "files", "resources", "unlucky")
NO_PARAMETERS = SimpleNamespace(params={})


class Ran(msgspec.Struct, frozen=True):
    """What a run of the command left behind."""

    places: Places
    grades: Path
    printed: str
    code: int
    left: tuple[str, ...]
    honest: tuple[str, ...]

    def report(self, student: str) -> Report:
        """Return a student's report."""
        report = read_report(self.grades / ASSIGNMENT / f"{student}.json")
        assert report is not None, f"{student} has no report"
        return report


@pytest.fixture(scope="module", autouse=True)
def _orphans_come_here() -> None:
    """Become the parent of every orphan."""
    adopt_orphans()


def grade(root: Path, cases: list[Case]) -> Ran:
    """Lay out a cohort and grade it by the command."""
    places = Places.make(root)
    honest = places.hand_in_honest()
    for case in cases:
        places.hand_in(case)
    before = children()
    command = [sys.executable, "-m", "gradjudge.cli", "grade", ASSIGNMENT, "--course", str(places.course)]
    command += ["--submitted", str(places.submitted), "--grades", str(root / "grades"), "--jobs", "2"]
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    mine = {"HOME": str(places.home), "TMPDIR": str(places.temporary), "XDG_CACHE_HOME": cache}
    secrets = {"GRADING_TOKEN": f"{CANARY}the-environment"}
    ran = subprocess.run(
        command, env=os.environ | mine | secrets, capture_output=True, text=True, errors="replace", check=False
    )
    left = [*orphans(before), *planted(root, except_for=places.submitted)]
    left += [str(path) for path in places.temporary.iterdir()]
    assert (root / "grades").is_dir(), ran.stderr
    return Ran(places, root / "grades", ran.stdout + ran.stderr, ran.returncode, tuple(left), tuple(honest))


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Grade the cases whose tests were selected (all for tests of the whole cohort)."""
    mine = [item for item in request.session.items if item.path == request.path]
    calls: list[dict[str, Any]] = [getattr(item, "callspec", NO_PARAMETERS).params for item in mine]
    selected = [call["case"] for call in calls if isinstance(call.get("case"), Case)]
    return grade(tmp_path_factory.mktemp("attacked"), selected)


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Grade the honest submissions alone."""
    return grade(tmp_path_factory.mktemp("in-peace"), [])


@pytest.mark.parametrize("case", [pytest.param(case, id=case.student) for case in CASES])
def test_each_case(attacked: Ran, case: Case) -> None:
    """Points, states, cells and notes are those of ``case.toml``, and no secret leaks."""
    assert departures(case, attacked.report(case.student)) == []


def test_no_secret_leaks(attacked: Ran) -> None:
    """Neither the output nor any file of the grades holds a planted secret, nor the table a hidden input."""
    assert CANARY not in attacked.printed
    for file in attacked.grades.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file
    assert INPUT not in (attacked.grades / ASSIGNMENT / "grades.csv").read_text()


def test_no_terminal_code_is_printed(attacked: Ran) -> None:
    """Names and messages of hostile submissions are printed without control characters."""
    printed = attacked.printed.replace("\n", "")
    assert printed.isprintable(), sorted({char for char in printed if not char.isprintable()})


def test_nothing_is_left(attacked: Ran, in_peace: Ran) -> None:
    """No process, no file, no socket, and an empty folder of temporary files."""
    assert attacked.left == ()
    assert in_peace.left == ()
    doubtful = [line for line in attacked.printed.splitlines() if line.startswith("UNREAD ")]
    assert [line.split(",")[0] for line in doubtful] == ["UNREAD files-name-not-utf8"]  # staff must choose
    assert "UNGRADED" not in attacked.printed
    assert attacked.code == 1, attacked.printed[-3000:]


def test_honest_submissions_get_the_same_bytes(attacked: Ran, in_peace: Ran) -> None:
    """Honest verdicts and rows of the table are the same with and without the attackers."""
    assert len(in_peace.honest) >= 6
    for student in in_peace.honest:
        assert verdict_bytes(attacked.report(student)) == verdict_bytes(in_peace.report(student)), student
    rows = [rows_of(ran.grades / ASSIGNMENT / "grades.csv") for ran in (attacked, in_peace)]
    assert {name: rows[0][name] for name in in_peace.honest} == rows[1]


def rows_of(table: Path) -> dict[str, list[str]]:
    """Return the rows of a table of scores, by student."""
    with table.open(encoding="utf-8", newline="") as stream:
        return {row[0]: row for row in list(csv.reader(stream))[1:]}


def test_honest_submissions_differ(in_peace: Ran) -> None:
    """Some of the honest ones are right, some are not."""
    scores = {in_peace.report(student).verdict.score for student in in_peace.honest}
    assert max(scores) == sum(POINTS.values())
    assert len(scores) >= 4


def test_the_families_are_all_there() -> None:
    """At least 130 cases, every family of the threat model among them."""
    assert {case.family for case in CASES} == set(FAMILIES)
    assert len(CASES) >= 130
    kept = [folder for family in (HERE / "cases").iterdir() for folder in family.iterdir()]
    assert len({case.student for case in CASES}) == len(kept) == len(CASES)
