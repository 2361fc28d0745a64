"""Odd files that students hand in, from the folder to the report: graded or not, and the messages."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from gradjudge.cohort import runs
from gradjudge.course.hand_in.submission import Submission, UnreadableSubmission, read_submission
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.reports.lines import report_lines, staff_notes
from gradjudge.reports.record import Findings, Report, report_of, unjudged
from gradjudge.text import Text

RUBRIC = """
[course]
name = "T"
languages = ["en", "fr"]
seed = { default = "s" }
[assignments.tp1]
title = { en = "T", fr = "T" }
[assignments.tp1.items.a]
points = 4
checks = ["a"]
cells = ["a"]
"""


def code(source: str, **metadata: Any) -> dict[str, Any]:
    """Return a code cell."""
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def notebook(*cells: dict[str, Any], assignment: str = "tp1", **more: Any) -> bytes:
    """Return a notebook with the metadata of an assignment's release."""
    metadata = {"gradjudge": {"assignment": assignment, "language": "en"}, **more.pop("metadata", {})}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells), **more}).encode()


def graded(name: str, points: int = 4, **more: Any) -> dict[str, Any]:
    """Return nbgrader's metadata of a grade cell."""
    return {"nbgrader": {"grade_id": name, "grade": True, "solution": False, "locked": True, "points": points, **more}}


GOOD = notebook(code("x = 1"), code("assert x == 1", **graded("check_a")))


class Reader:
    """A supervisor that reads submissions like a judge, but does not run them."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.read: dict[str, Submission] = {}

    def judge(self, job: Job) -> Report:
        """Return a report with the remarks on the files, or why there is nothing to grade."""
        assignment = self.course.rubric.assignment(job.assignment)
        try:
            submission = read_submission(Path(job.file), assignment=job.assignment, limits=assignment.limits)
        except UnreadableSubmission as problem:
            return self.blank(job, "failed", problem.text, problem.detail)
        self.read[job.student] = submission
        remarks = tuple(remark.noted(assignment.languages) for remark in submission.remarks)
        found = unjudged(assignment, "passed", Text(""), "")
        return self._report(job, replace(found, submission=submission.digest, remarks=remarks, unjudged={}))

    def blank(self, job: Job, state: str, message: Text, detail: str) -> Report:
        """Return a report without checks."""
        return self._report(job, unjudged(self.course.rubric.assignment(job.assignment), state, message, detail))

    @staticmethod
    def _report(job: Job, found: Findings) -> Report:
        return report_of(found, assignment=job.assignment, student=job.student, remarks=job.remarks)


class Case(NamedTuple):
    """A folder as it was handed in, and the expected outcome.

    Attributes:
        make: fills the folder.
        graded: name of the file that is graded, or empty.
        student: what the student reads, in English; parts of sentences, one per note.
        staff: what staff reads.
        sources: sources of the cells that are run, where they matter.
    """

    make: Callable[[Path], object]
    graded: str
    student: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def files(**contents: bytes) -> Callable[[Path], object]:
    """Return a maker of files, in whose names two underscores stand for a dot."""
    return lambda folder: [(folder / name.replace("__", ".")).write_bytes(data) for name, data in contents.items()]


def named(name: str, data: bytes = GOOD, **more: bytes) -> Callable[[Path], object]:
    """Return a maker of one file of any name, and others."""
    return lambda folder: ((folder / name).write_bytes(data), files(**more)(folder))


def big(folder: Path) -> None:
    """Make a sparse notebook of 200 MB."""
    with (folder / "tp1.ipynb").open("wb") as stream:
        stream.write(b'{"cells": [')
        stream.truncate(200 << 20)


def linked(folder: Path, hard: bool = False) -> None:
    """Make a notebook that is a link to another file."""
    (folder.parent / "other.ipynb").write_bytes(GOOD)
    if hard:
        (folder / "tp1.ipynb").hardlink_to(folder.parent / "other.ipynb")
    else:
        (folder / "tp1.ipynb").symlink_to(folder.parent / "other.ipynb")


def beside(folder: Path) -> Path:
    """Make a good notebook."""
    (folder / "tp1.ipynb").write_bytes(GOOD)
    return folder


def links_beside(folder: Path) -> None:
    """Make a good notebook, with a link to a file and one to a folder beside it."""
    (beside(folder) / "a.csv").symlink_to("/etc/passwd")
    (folder / "d").symlink_to("/etc")


def deep(folder: Path) -> None:
    """Make nested folders beyond the longest path."""
    (folder / "tp1.ipynb").write_bytes(GOOD)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


V3 = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]})
R = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}, "language_info": {"name": "R"}}
TWICE = [{**code("x = 1"), "id": "same"}, {**code("y = 2"), "id": "same"}]
ESCAPES = [
    code("print('\x1b[31mred')"),
    {"cell_type": "markdown", "source": "<script>alert(1)</script>", "metadata": {}},
]
OUTPUT = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * (15 << 20)}}
HUGE = OUTPUT | {"data": {"image/png": "A" * (100 << 20)}}

CASES = {
    "clean": Case(files(tp1__ipynb=GOOD, model__py=b"", points__csv=b""), "tp1.ipynb"),
    "a symbolic link": Case(linked, "", ("Your file is a link to another file.",), ("a symbolic link",)),
    "a hard link": Case(lambda f: linked(f, hard=True), "", ("Your file is a link",), ("2 hard links to it",)),
    "a FIFO": Case(lambda f: os.mkfifo(f / "tp1.ipynb"), "", ("is not an ordinary file",), ("not a regular file",)),
    "a device": Case(lambda f: (f / "tp1.ipynb").symlink_to("/dev/zero"), "", ("is a link",), ("a symbolic link",)),
    "a folder": Case(lambda f: (f / "tp1.ipynb").mkdir(), "", ("no notebook or script",), ("expected tp1.ipynb",)),
    "no file": Case(lambda f: None, "", ("no notebook or script",), ("no notebook and no script",)),
    "a long name": Case(
        named("n" * 249 + ".ipynb"), "n" * 249 + ".ipynb", ("Your file is named nnn",), ("the only notebook",)),
    "a deep folder": Case(deep, "tp1.ipynb", (f"Not used with tp1.ipynb: {'d' * 100}; only files",), ("(a folder)",)),
    "another case": Case(named("TP1.ipynb"), "TP1.ipynb", ("next time name it tp1.ipynb",), ("only its name differs",)),
    "names that differ in case": Case(
        files(tp1__ipynb=GOOD, TP1__ipynb=b"{}"), "tp1.ipynb", ("Not used with tp1.ipynb: TP1.ipynb; only one",),
        ("not used: TP1.ipynb (another notebook)",)),
    "a download": Case(named("tp1 (1).ipynb"), "tp1 (1).ipynb", ("taken all the same",), ("only its name differs",)),
    "Jupyter's copy": Case(named("tp1-Copy1.ipynb"), "tp1-Copy1.ipynb", ("taken all the same",), ("differs from",)),
    "two copies": Case(
        named("tp1 (1).ipynb", b"{}", **{"tp1 (2)__ipynb": GOOD}), "tp1 (2).ipynb",
        ("Of several copies, tp1 (2).ipynb was taken", "Not used with tp1 (2).ipynb: tp1 (1).ipynb"),
        ("as the last copy of tp1.ipynb; not tp1 (1).ipynb", "(another notebook)")),
    "another name": Case(named("ada.ipynb"), "ada.ipynb", ("as your only notebook",), ("the only notebook",)),
    "another name of a script": Case(named("ada.py", b"x = 1"), "ada.py", ("as your only script",), ("only script",)),
    "two notebooks, one released": Case(
        named("ada.ipynb", draft__ipynb=notebook(assignment="")), "ada.ipynb",
        ("of your notebooks, only it was made", "Not used with ada.ipynb: draft.ipynb"),
        ("the only one that says it was made from tp1.ipynb; not draft.ipynb", "another notebook")),
    "two notebooks": Case(
        files(a__ipynb=GOOD, b__ipynb=notebook(code("x = 2"))), "",
        ("Several of your files could be the one to grade: a.ipynb, b.ipynb. Staff will choose",), ()),
    "another assignment": Case(
        files(tp1__ipynb=notebook(code("x = 1"), assignment="tp2")), "tp1.ipynb",
        ("was made from the notebook of tp2; it was graded as tp1",), ("its metadata name tp2",)),
    "an empty file": Case(files(tp1__ipynb=b""), "", ("Your file is empty.",), ("empty",)),
    "not a notebook": Case(files(tp1__ipynb=b"\x89PNG\r\n"), "", ("not a Jupyter notebook",), ("not a notebook",)),
    "half a notebook": Case(files(tp1__ipynb=GOOD[:80]), "", ("or only a part of one",), ("truncated",)),
    "invalid JSON": Case(files(tp1__ipynb=GOOD.replace(b":", b"=")), "", ("not a Jupyter notebook",), ("malformed",)),
    "200 MB": Case(big, "", ("too large: 200.0 MB, and at most 160 MB",), ("209715200 bytes",)),
    "100 000 cells": Case(
        files(tp1__ipynb=notebook(*[{"cell_type": "code"}] * 100_000)), "", ("has 100000 cells",), ("100000 cells",)),
    "an output of 100 MB": Case(
        files(tp1__ipynb=notebook({**code("x = 1"), "outputs": [HUGE]})), "tp1.ipynb", sources=("x = 1",)),
    "an output of 15 MB": Case(
        files(tp1__ipynb=notebook({**code("x = 1"), "outputs": [OUTPUT]})), "tp1.ipynb", sources=("x = 1",)),
    "nbformat 3": Case(files(tp1__ipynb=V3.encode()), "tp1.ipynb", sources=("x = 1",)),
    "no kernelspec": Case(files(tp1__ipynb=notebook(code("x = 1"))), "tp1.ipynb"),
    "an odd kernelspec": Case(files(tp1__ipynb=notebook(code("x = 1"), metadata={"kernelspec": 3})), "tp1.ipynb"),
    "an R kernelspec": Case(
        files(tp1__ipynb=notebook(code("x <- 1"), metadata=R)), "tp1.ipynb",
        ("says that it is in R. It was run as Python",), ("language R, run as Python",)),
    "duplicate ids": Case(files(tp1__ipynb=notebook(*TWICE)), "tp1.ipynb", sources=("x = 1", "y = 2")),
    "grade cells deleted": Case(files(tp1__ipynb=notebook(code("x = 1"))), "tp1.ipynb", sources=("x = 1",)),
    "grade cells edited": Case(
        files(tp1__ipynb=notebook(code("x = 1"), code("pass", **graded("check_a", 400)))), "tp1.ipynb",
        sources=("x = 1", "pass")),
    "cells reordered": Case(
        files(tp1__ipynb=notebook(code("assert x", **graded("check_a")), code("x = 1"))), "tp1.ipynb",
        sources=("assert x", "x = 1")),
    "Windows' line ends": Case(
        files(tp1__ipynb=notebook(code("x = 1\r\ny = 2"))), "tp1.ipynb", sources=("x = 1\ny = 2",)),
    "a byte-order mark": Case(files(tp1__ipynb=b"\xef\xbb\xbf" + GOOD), "tp1.ipynb"),
    "Latin-1": Case(
        files(tp1__ipynb=json.dumps({"cells": [code("x = 'é'")]}, ensure_ascii=False).encode("latin-1")), "tp1.ipynb",
        sources=("x = 'é'",)),
    "null bytes": Case(files(tp1__ipynb=b"\0" * 5000), "", ("not a Jupyter notebook",), ("not a notebook",)),
    "a null byte in a cell": Case(files(tp1__ipynb=notebook(code("x = '\0'"))), "tp1.ipynb", sources=("x = '\0'",)),
    "HTML, script and ANSI": Case(files(tp1__ipynb=notebook(*ESCAPES)), "tp1.ipynb", sources=("print('\x1b[31mred')",)),
    ".pyc and .so": Case(
        files(tp1__ipynb=GOOD, evil__so=b"\x7fELF", model__pyc=b"", torch__py=b"", conftest__py=b""), "tp1.ipynb",
        ("Not used with tp1.ipynb: evil.so, model.pyc; only Python modules",
         "Not used with tp1.ipynb: conftest.py, torch.py; Python or an installed package has a file of this name."),
        ("not used: evil.so, model.pyc (neither", "not used: conftest.py, torch.py (named like")),
    "links beside it": Case(
        links_beside,
        "tp1.ipynb", ("Not used with tp1.ipynb: a.csv, d; only ordinary files are read, not links.",),
        ("not used: a.csv, d (not a regular file)",)),
    "too much beside it": Case(
        files(tp1__ipynb=GOOD, a__csv=b"0" * (9 << 20)), "tp1.ipynb", ("a.csv; at most 30 files of 8 MB",), ("bytes",)),
    "thousands beside it": Case(
        files(tp1__ipynb=GOOD, **{f"{number}__csv": b"" for number in range(1100)}), "tp1.ipynb",
        ("No file beside tp1.ipynb was used: there are too many",), ("more than 1000 entries",)),
    "names that steer": Case(
        named("\x1b[2J[b].ipynb"), "\x1b[2J[b].ipynb", ("Your file is named \\x1b[2J[b].ipynb.",), ("only notebook",)),
    "a name that is not UTF-8 beside it": Case(
        files(tp1__ipynb=GOOD, **{os.fsdecode(b"caf\xe9__csv"): b""}), "tp1.ipynb",
        ("caf\\xe9.csv; the name is too long or has unusual characters.",), ("caf\\xe9.csv (its name",)),
    "what Python leaves": Case(
        lambda folder: (beside(folder) / "__pycache__").mkdir(), "tp1.ipynb"),
}  # fmt: skip


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course with an honest submission in it."""
    (tmp_path / "grading.toml").write_text(RUBRIC)
    (tmp_path / "autograder/tp1").mkdir(parents=True)
    folder = tmp_path / "submitted/zoe/tp1"
    folder.mkdir(parents=True)
    (folder / "tp1.ipynb").write_bytes(GOOD)
    return Course(tmp_path)


def report_on_all(course: Course, reader: Reader) -> dict[str, Report]:
    """Plan, read and finish as the command line does."""
    plan = runs.plan(course, "tp1", runs.KeyMaker(course, "cpu", "required"), fresh=True)
    judged = runs.run(plan.jobs, reader, lambda _report: None, jobs=1)  # type: ignore[arg-type]
    reports, _ = runs.finish(course, plan, judged, submitted=None, grades=None)
    return {report.verdict.student: report for report in reports}


@pytest.mark.parametrize("name", CASES)
def test_odd_files(course: Course, name: str) -> None:
    """Graded or not, with a plain sentence per note for the student, in both languages, and a line for staff."""
    case = CASES[name]
    before = report_on_all(course, Reader(course))["zoe"]
    folder = course.submitted / "ada" / "tp1"
    folder.mkdir(parents=True)
    case.make(folder)
    reader = Reader(course)
    report = report_on_all(course, reader)["ada"]
    submission = reader.read.get("ada")
    assert ("" if submission is None else Path(submission.path).name) == case.graded
    assert report.state == ("passed" if case.graded else "unread" if "Staff will" in case.student[0] else "failed")
    if case.sources:
        assert submission is not None
        assert tuple(cell.source for cell in submission.cells) == case.sources
    assert len(report.verdict.notes) == len(case.student)
    for note, words in zip(report.verdict.notes, case.student, strict=True):
        assert words in note["en"]
        assert note["fr"]
        assert note["fr"] != note["en"]
        json.dumps(note, ensure_ascii=False).encode()
    lines = list(staff_notes([report]))
    assert len(lines) == len(case.staff)
    for line, words in zip(lines, case.staff, strict=True):
        assert line.startswith("ada: ")
        assert words in line
    for language in ("en", "fr"):
        assert not any("\x1b" in line for line in report_lines(report, language, staff=True))
    again = report_on_all(course, Reader(course))
    assert (again["ada"], again["zoe"]) == (report, before)


def test_the_family_is_whole() -> None:
    """Cases have unique names, and there are notes for both sides unless a file was simply taken."""
    assert len(CASES) == len(set(CASES)) >= 45
    for name, case in CASES.items():
        assert bool(case.student) == bool(case.staff) or "Staff will choose" in case.student[0], name
        assert case.graded or case.student, name
