"""Cohorts: what is graded again, tables of scores, and faults that affect one submission only."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from gradjudge.cohort import runs
from gradjudge.course.hand_in.raw_files import read_regular
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError, InternalError
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import SCHEMA, ItemResult, Late, Report, Run, Verdict, read_report

RUBRIC = """
[course]
name = "Test"
languages = ["en", "fr"]
seed = { default = "s" }
sandbox = "required"

[late]
per_day = 0.1
max_days = 5

[assignments.lab]
title = { en = "Lab", fr = "Labo" }
due = 2026-01-10T12:00:00+00:00

[assignments.lab.items.a]
points = 4
checks = ["one"]
cells = ["a"]

[assignments.lab.items.q1]
points = 2
kind = "manual"
cells = ["q1"]
"""


class FakeSupervisor:
    """Give every submission full marks, but fail on some students; record the jobs."""

    def __init__(self, faulty: tuple[str, ...] = ()) -> None:
        self.faulty = faulty
        self.asked: list[str] = []

    def judge(self, job: Job) -> Report:
        """Judge, or fail as a broken grader would."""
        self.asked.append(job.student)
        if job.student in self.faulty:
            raise InternalError("the host is gone")
        return self._report(job, ItemResult(4.0, 4.0, "passed"))

    def blank(self, job: Job, state: str, message: dict[str, str], detail: str) -> Report:
        """Return a report on what could not be judged."""
        assert message
        assert detail
        return self._report(job, ItemResult(0.0, 4.0, state))

    def _report(self, job: Job, item: ItemResult) -> Report:
        items = {"a": item, "q1": ItemResult(0.0, 2.0, "pending", "manual")}
        verdict = Verdict("lab", job.student, "en", job.digest, job.key, item.points, 4.0, 2.0, items, late=job.late)
        return Report(SCHEMA, verdict, Run("cpu", (), {}, 0.0, {}, {}))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Make a course with three submissions."""
    (tmp_path / "grading.toml").write_text(RUBRIC)
    (tmp_path / "autograder/lab").mkdir(parents=True)
    (tmp_path / "autograder/lab/test_lab.py").write_text("def test_one(): ...")
    for student in ("ada", "bob", "eve"):
        folder = tmp_path / "submitted" / student / "lab"
        folder.mkdir(parents=True)
        (folder / "lab.py").write_text(f"x = {student!r}")
    return Course(tmp_path)


def grade(course: Course, supervisor: FakeSupervisor, **options: object) -> tuple[runs.CohortPlan, list[Report]]:
    """Plan and run as the command line does."""
    keys = runs.KeyMaker(course, "cpu", "required")
    todo = runs.plan(course, "lab", keys, **options)  # type: ignore[arg-type]
    done = runs.run(todo.jobs, supervisor, lambda r: runs.save_report(course, None, r), jobs=2)  # type: ignore[arg-type]
    return todo, done


def test_a_second_run_grades_only_what_changed(course: Course) -> None:
    """An unchanged submission keeps its report; a changed one is judged again."""
    grade(course, FakeSupervisor())
    (course.root / "submitted/bob/lab/lab.py").write_text("x = 'other'")
    supervisor = FakeSupervisor()
    todo, _ = grade(course, supervisor)
    assert supervisor.asked == ["bob"]
    assert sorted(report.verdict.student for report in todo.done) == ["ada", "eve"]


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "autograder/lab/test_lab.py").write_text("def test_one(): assert 1"),
        lambda root: (root / "grading.toml").write_text(RUBRIC.replace("points = 4", "points = 5")),
        lambda root: (root / "grading.toml").write_text(RUBRIC.replace('default = "s"', 'default = "t"')),
    ],
    ids=["hidden test", "points", "seed"],
)
def test_everything_is_judged_again_when_the_grading_changes(course: Course, change: object) -> None:
    """A verdict is valid only while nothing that it depends on changes."""
    grade(course, FakeSupervisor())
    change(course.root)  # type: ignore[operator]
    supervisor = FakeSupervisor()
    grade(Course(course.root), supervisor)
    assert sorted(supervisor.asked) == ["ada", "bob", "eve"]


def test_fresh_and_only(course: Course) -> None:
    """``--fresh`` judges again what has not changed; ``--only`` selects students."""
    grade(course, FakeSupervisor())
    supervisor = FakeSupervisor()
    grade(course, supervisor, fresh=True, only=("eve",))
    assert supervisor.asked == ["eve"]


def test_a_fault_affects_one_submission_and_is_tried_again(course: Course) -> None:
    """Our fault is ungraded, never a zero; the others have their scores; the next run tries again."""
    _, reports = grade(course, FakeSupervisor(faulty=("bob",)))
    states = {report.verdict.student: report.state for report in reports}
    assert states == {"ada": "passed", "bob": "ungraded", "eve": "passed"}
    supervisor = FakeSupervisor()
    grade(course, supervisor)
    assert supervisor.asked == ["bob"]
    saved = read_report(course.report("bob", "lab"))
    assert saved is not None
    assert saved.state == "passed"


def test_a_student_without_a_file_is_listed(course: Course) -> None:
    """An empty folder becomes a report that says so."""
    (course.root / "submitted/ada/lab/lab.py").unlink()
    todo, _ = grade(course, FakeSupervisor())
    assert [found.student for found in todo.problems] == ["ada"]
    report = runs.without_file(course, "lab", todo.problems[0])
    assert (report.verdict.score, report.verdict.max_score, report.state) == (0.0, 4.0, "failed")


def test_a_file_that_we_cannot_read_is_ungraded_and_stops_nobody(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong modes or a failing disk: the others are graded, it is no zero, and the next run tries again."""

    def refuse(path: Path, most: int) -> bytes:
        if path.parts[-3:] == ("bob", "lab", "lab.py"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read_regular(path, most)

    monkeypatch.setattr("gradjudge.course.hand_in.submission.read_regular", refuse)
    todo, done = grade(course, FakeSupervisor())
    assert sorted(report.verdict.student for report in done) == ["ada", "eve"]
    reports, table = runs.finish(course, todo, done, submitted=None, grades=None)
    bob = next(report for report in reports if report.verdict.student == "bob")
    assert (bob.state, bob.ungraded) == ("ungraded", ("a",))
    assert bob.run.faults == (
        f"{course.root}/submitted/bob/lab/lab.py: Permission denied. Make it readable for whoever grades.",
    )
    assert len(table.read_text().splitlines()) == 4
    monkeypatch.undo()
    todo, done = grade(course, FakeSupervisor())
    assert [report.verdict.student for report in done] == ["bob"]
    assert todo.problems == ()


def test_a_missing_folder_of_submissions(course: Course, tmp_path: Path) -> None:
    """One clear message names it."""
    with pytest.raises(CourseError, match="nowhere"):
        grade(course, FakeSupervisor(), submitted=tmp_path / "nowhere")


def test_lateness_is_read_from_nbgraders_timestamp(course: Course) -> None:
    """Two started days after the due date cost twice the daily fraction."""
    folder = course.root / "submitted/ada/lab"
    (folder / "timestamp.txt").write_text("2026-01-11 13:00:00.000000 UTC")
    assert runs.handed_in(course, "lab", folder) == Late("2026-01-11T13:00:00+00:00", 0.2)
    assert runs.handed_in(course, "lab", course.root / "submitted/bob/lab") is None


def test_the_table_is_csv_that_no_spreadsheet_runs() -> None:
    """Names with commas and quotes survive; a formula is defused; pending items say so."""
    names = ["=cmd()", 'O"Neil, Ada']
    reports = [FakeSupervisor()._report(Job(name, "lab", "f", "k"), ItemResult(4.0, 4.0, "passed")) for name in names]
    rows = list(csv.DictReader(io.StringIO(runs.grades_csv(reports).decode())))
    assert [row["student"] for row in rows] == ["'=cmd()", 'O"Neil, Ada']
    reports = [FakeSupervisor()._report(Job("a\x1b[2J\x07\u202eb", "lab", "f", "k"), ItemResult(4.0, 4.0, "passed"))]
    assert b"a\\x1b[2J\\x07\\u202eb,lab," in runs.grades_csv(reports)
    assert (rows[0]["score"], rows[0]["a"], rows[0]["q1"]) == ("4.0", "4", "pending")


def test_a_name_that_is_not_utf8_affects_only_its_student(course: Course) -> None:
    """A file or folder from an old archive is named to staff, and costs nothing; everyone else is graded."""
    odd = os.fsdecode(b"caf\xe9")
    (course.root / "submitted/ada/lab/lab.py").rename(course.root / f"submitted/ada/lab/{odd}.py")
    (course.root / "submitted/eve").rename(course.root / f"submitted/{odd}")
    todo, reports = grade(course, FakeSupervisor())
    assert [report.verdict.student for report in reports] == ["bob"]
    assert [found.student for found in todo.problems] == ["ada", "caf\\xe9"]
    for found in todo.problems:
        assert "not UTF-8" in found.problem
        runs.save_report(course, None, runs.without_file(course, "lab", found))
    assert course.report("caf\\xe9", "lab").exists()
    states = [runs.without_file(course, "lab", found).state for found in todo.problems]
    assert states == ["unread", "ungraded"]


def test_an_undecided_choice_is_unread(course: Course) -> None:
    """It is no zero, it is in the table, and the next run grades what a person chose."""
    folder = course.root / "submitted/bob/lab"
    (folder / "lab.py").rename(folder / "one.py")
    (folder / "two.py").write_text("x = 'two'")
    todo, judged = grade(course, FakeSupervisor())
    reports, table = runs.finish(course, todo, judged, submitted=None, grades=None)
    (bob,) = [report for report in reports if report.verdict.student == "bob"]
    assert (bob.unread, bob.verdict.score, bob.verdict.max_score) == (True, 0.0, 0.0)
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(table.read_text()))}
    assert (rows["bob"]["state"], rows["bob"]["a"], rows["bob"]["q1"]) == ("unread", "unread", "pending")
    (folder / "two.py").rename(folder / "lab.py")
    supervisor = FakeSupervisor()
    grade(course, supervisor)
    assert supervisor.asked == ["bob"]


def test_the_command_line_names_undecided_choices(course: Course) -> None:
    """With the candidates and what to do; the exit code is that of ungraded items."""
    for student in ("ada", "bob"):
        shutil.rmtree(course.root / "submitted" / student)
    folder = course.root / "submitted/eve/lab"
    (folder / "lab.py").rename(folder / "one.py")
    (folder / "two.py").write_text("x = 'two'")
    command = [sys.executable, "-m", "gradjudge.cli", "grade", "lab", "--course", str(course.root)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "UNREAD eve, lab: " in ran.stderr
    assert "which file is to be graded? one.py, two.py: give it the name lab.py" in ran.stderr
    assert "0 graded, 0 unchanged, 1 UNREAD." in ran.stdout


def test_what_changes_between_key_and_judge_is_graded_again(course: Course) -> None:
    """A report never carries the key of files that its judge did not read."""
    supervisor = FakeSupervisor()
    read = supervisor.judge

    def judge(job: Job) -> Report:
        return read(msgspec.structs.replace(job, digest="another") if job.student == "bob" else job)

    supervisor.judge = judge  # type: ignore[method-assign]
    _, reports = grade(course, supervisor)
    assert {report.verdict.student for report in reports if not report.verdict.key} == {"bob"}
    again = FakeSupervisor()
    grade(course, again)
    assert again.asked == ["bob"]


def test_the_time_of_handing_in_is_read_at_the_top(course: Course) -> None:
    """A timestamp in a student's own subfolder does not count."""
    folder = course.root / "submitted/bob/lab"
    (folder / "src").mkdir()
    (folder / "lab.py").rename(folder / "src/lab.py")
    (folder / "src" / runs.TIMESTAMP).write_text("2026-01-01 00:00:00 UTC")
    (folder / runs.TIMESTAMP).write_text("2026-01-11 00:00:00 UTC")
    todo, _ = grade(course, FakeSupervisor())
    (late,) = [job.late for job in todo.jobs if job.student == "bob"]
    assert late is not None
    assert late.penalty > 0


def test_a_change_is_seen_in_a_folder_of_thousands(course: Course) -> None:
    """Folders beside a submission do not hide it."""
    data = course.root / "submitted/bob/lab/data"
    data.mkdir()
    for number in range(1100):
        (data / str(number)).touch()
    grade(course, FakeSupervisor())
    (course.root / "submitted/bob/lab/lab.py").write_text("x = 'other'")
    supervisor = FakeSupervisor()
    grade(course, supervisor)
    assert supervisor.asked == ["bob"]


def test_odd_files_beside_stop_nobody(course: Course) -> None:
    """Dangling links, a file of a terabyte and endless folders are neither followed nor read."""
    folder = course.root / "submitted/bob/lab"
    (folder / "long.csv").symlink_to("a" * 300)
    (folder / "loop").symlink_to("loop")
    for name in ("hole.csv", "hole.bin"):
        with (folder / name).open("wb") as stream:
            stream.truncate(1 << 40)
    inner = folder
    for _ in range(200):
        inner = inner / "d"
        inner.mkdir()
    (inner / "far.csv").symlink_to("b" * 300)
    grade(course, FakeSupervisor())
    with (folder / "hole.csv").open("r+b") as stream:
        stream.truncate(1 << 39)
    supervisor = FakeSupervisor()
    grade(course, supervisor)
    assert supervisor.asked == ["bob"]


def test_a_companion_that_is_read_or_refused_otherwise_is_judged_again(course: Course) -> None:
    """The key covers the bytes of what a session gets, and the kind of what it does not get."""
    companion = course.root / "submitted/bob/lab/helper.py"
    asked = []
    for change in (
        lambda: companion.write_text("x = 1"),
        lambda: companion.write_text("x = 2"),
        lambda: companion.with_name("other").hardlink_to(companion),
        lambda: companion.unlink(),
        lambda: companion.symlink_to("other"),
    ):
        change()
        supervisor = FakeSupervisor()
        grade(course, supervisor, only=("bob",))
        asked += supervisor.asked
    assert asked == ["bob"] * 5


def test_any_exception_in_judging_affects_one_submission(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many open files, say: the others' reports are not lost."""
    supervisor = FakeSupervisor()
    right = supervisor.judge
    monkeypatch.setattr(supervisor, "judge", lambda job: right(job) if job.student != "bob" else os.open("/nowhere", 0))
    _, reports = grade(course, supervisor)
    assert {report.verdict.student: report.state for report in reports}["bob"] == "ungraded"


def test_the_table_keeps_the_students_left_out(course: Course) -> None:
    """``--only`` grades one student again and leaves the rows of the others."""
    grade(course, FakeSupervisor())
    _, reports = grade(course, FakeSupervisor(), fresh=True, only=("eve",))
    kept = runs.standing(course, "lab", reports, submitted=None, grades=None)
    assert sorted(report.verdict.student for report in kept) == ["ada", "bob"]


def test_a_timestamp_is_a_short_file_of_its_own(course: Course) -> None:
    """A link that never ends is not read."""
    folder = course.root / "submitted/ada/lab"
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    assert runs.handed_in(course, "lab", folder) is None
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").write_text("0001-01-01 00:00:00")
    runs.handed_in(course, "lab", folder)


def test_an_unwritable_folder_is_named(course: Course) -> None:
    """In one clear message that says what to do."""
    report = FakeSupervisor().judge(Job("ada", "lab", "f", "k"))
    for save in (
        lambda: runs.save_report(course, course.rubric_file, report),
        lambda: runs.save_table(course, course.rubric_file, "lab", [report]),
    ):
        with pytest.raises(CourseError, match="cannot be written: Not a directory"):
            save()


def test_the_table_is_the_same_bytes_whoever_was_graded_when(course: Course) -> None:
    """Columns are in the order of the rubric, for fresh reports and for those read from files."""
    (course.root / "grading.toml").write_text(RUBRIC.replace("items.a]", "items.z]").replace('["a"]', '["z"]'))
    here = Course(course.root)
    report = FakeSupervisor().judge(Job("ada", "lab", "f", "k"))
    items = {"z": report.verdict.items["a"], "q1": report.verdict.items["q1"]}
    fresh = replace(report, verdict=replace(report.verdict, items=items))
    runs.save_report(here, None, fresh)
    read = read_report(here.report("ada", "lab"))
    assert read is not None
    tables = [runs.save_table(here, None, "lab", [one]).read_bytes() for one in (fresh, read)]
    assert tables[0] == tables[1]
    assert tables[0].splitlines()[0].endswith(b"z,q1")


def test_a_full_disk_leaves_the_report_as_it_was(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old report stays, no temporary file is left, and one message says what to do."""
    report = FakeSupervisor().judge(Job("ada", "lab", "f", "k"))
    runs.save_report(course, None, report)
    before = course.report("ada", "lab").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CourseError, match=r"No space left on device\. Make room for it"):
        runs.save_report(course, None, FakeSupervisor().judge(Job("ada", "lab", "f", "other")))
    assert [path.name for path in course.report("ada", "lab").parent.iterdir()] == ["ada.json"]
    assert course.report("ada", "lab").read_bytes() == before
