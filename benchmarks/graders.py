"""Run each grader on a cohort; only runs with the expected scores count."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import BrokenRun, Measured, run
from submissions import (
    ASSIGNMENT,
    expected_scores,
    write_gradjudge_course,
    write_nbgrader_source,
    write_submissions,
)

Scores = dict[str, dict[str, float]]


class Nbgrader:
    """``nbgrader autograde``: the assignment is generated once; each run has a fresh copy of the course."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._course = folder / "nbgrader"
        # nbgrader and Jupyter must neither read nor write the user's settings.
        private = {
            name: str(folder / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        path = (
            f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader runs alembic by its bare name
        )
        self._env = {**private, "PATH": path, "JUPYTER_PLATFORM_DIRS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        write_nbgrader_source(self._course)
        self._run(self._course, "generate_assignment")

    def grade(self, count: int, *, sample: float) -> Measured:
        """Grade `count` submissions, one after the other, as nbgrader does.

        Raises:
            BrokenRun: it failed, or gave other scores than the expected ones.
        """
        course = Path(tempfile.mkdtemp(dir=self._folder)) / "course"
        shutil.copytree(self._course, course)
        write_submissions(course / "submitted", count)
        measured = self._run(course, "autograde", sample)
        compare("nbgrader", _gradebook(course / "gradebook.db"), count)
        return measured

    def _run(self, course: Path, verb: str, sample: float = 0.0) -> Measured:
        command = [sys.executable, "-m", "nbgrader", verb, ASSIGNMENT]
        return run(command, course.parent / f"{verb}.log", folder=course, env=self._env, sample=sample)


def _gradebook(database: Path) -> Scores:
    from nbgrader.api import Gradebook  # two seconds: after the run, not before it

    with Gradebook(f"sqlite:///{database}") as gradebook:
        return {
            handed_in.student.id: {grade.name: grade.score for book in handed_in.notebooks for grade in book.grades}
            for handed_in in gradebook.assignment_submissions(ASSIGNMENT)
        }


class Gradjudge:
    """``gradjudge grade``, through its command line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.jail: frozenset[str] = frozenset()

    def grade(self, count: int, *, jobs: int, sample: float = 0.0) -> Measured:
        """Grade `count` submissions, `jobs` at a time.

        Raises:
            BrokenRun: it failed, ran without a jail, or gave other scores than the expected ones.
        """
        course = Path(tempfile.mkdtemp(dir=self._folder)) / "course"
        write_gradjudge_course(course, count)
        command = [str(Path(sys.executable).parent / "gradjudge"), "grade", ASSIGNMENT]
        command += ["--jobs", str(jobs), "--device", "cpu"]
        measured = run(command, course.parent / "grade.log", folder=course, sample=sample)
        reports = [json.loads(file.read_bytes()) for file in (course / "grades" / ASSIGNMENT).glob("*.json")]
        compare("gradjudge", {r["verdict"]["student"]: _points(r["verdict"]) for r in reports}, count)
        jails = {frozenset(report["run"]["jail"]) for report in reports}
        if len(jails) != 1 or not (jail := jails.pop()):
            raise BrokenRun(f"gradjudge graded some submissions without a jail, or not all in the same one: {jails}")
        self.jail = jail
        return measured


def _points(verdict: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    return {name: item["points"] for name, item in verdict["items"].items()}


def compare(grader: str, scores: Scores, count: int) -> None:
    """Raise BrokenRun unless `scores` are those that a cohort of `count` must get."""
    due = expected_scores(count)
    for student in sorted(due.keys() | scores.keys()):
        if scores.get(student) != due.get(student):
            raise BrokenRun(
                f"{grader}, cohort of {count}: {student} has {scores.get(student)}, expected {due.get(student)}"
            )
