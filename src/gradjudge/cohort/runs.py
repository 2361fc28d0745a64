"""Grade many submissions. A killed run loses no finished report, and the next run grades only what changed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

import gradjudge
from gradjudge.cohort.lock import unwritable
from gradjudge.cohort.supervisor import FAULT, Supervisor, judges
from gradjudge.course.hand_in.raw_files import LeftOut, RefusedFile, read_companions, read_regular
from gradjudge.course.hand_in.submission import HandIn, hand_in, read_hand_in
from gradjudge.course.layout import ChosenFile, Course
from gradjudge.course.rubric import GradingLimits, late_penalty
from gradjudge.files import digest_of, readable, shown, write_atomically
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import UNJUDGED, Late, Report, read_report, report_of, unjudged, write_report
from gradjudge.text import Text

TIMESTAMP = "timestamp.txt"
LONGEST_TIMESTAMP = 1000
MISSING = Text("no notebook or script of this assignment was found in what you handed in")
UNREAD = Text("the name of your file cannot be read: staff will look at it; use letters, digits, '-' and '_'")


class CohortPlan(msgspec.Struct, frozen=True):
    """The work for one assignment of a cohort.

    Attributes:
        jobs: submissions to judge.
        done: reports of an earlier run under the same key.
        problems: submissions without a readable file to judge.
    """

    assignment: str
    jobs: tuple[Job, ...]
    done: tuple[Report, ...]
    problems: tuple[ChosenFile, ...]

    @property
    def students(self) -> set[str]:
        """Everyone who has a folder for the assignment."""
        judged = {job.student for job in self.jobs} | {report.verdict.student for report in self.done}
        return judged | {found.student for found in self.problems}


class KeyMaker:
    """Digest everything that a verdict depends on; what submissions share, once per assignment."""

    def __init__(self, course: Course, device: str, sandbox: str) -> None:
        self._course = course
        self._common = [device, sandbox, gradjudge.__version__, _engine_digest(), course.seed]
        self._common += [version(name) for name in ("torch", "numpy", "scikit-learn", "pytest", "ipython")]
        self._by_assignment: dict[str, str] = {}

    def key(self, assignment: str, file: Path, late: Late | None, also: Sequence[str] = ()) -> tuple[str, str]:
        """Return the key of one submission (same key, same verdict), and the digest of its files.

        Raises:
            OSError: it, or a file beside it, cannot be read.
        """
        read = _read(file, self._course.rubric.assignment(assignment).limits)
        beside = [f"{one.name}\0{_kind(file.parent / one.name)}" for one in read.left_out]
        parts = [self._assignment(assignment), *self._common, repr(late), read.digest, *beside, file.name, *also]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest(), read.digest

    def _assignment(self, name: str) -> str:
        if name not in self._by_assignment:
            tests = self._course.tests_digest(name)
            self._by_assignment[name] = f"{name}\0{self._course.rubric.section_digest(name)}\0{tests}"
        return self._by_assignment[name]


def _engine_digest() -> str:
    """Digest gradjudge itself: code and catalogues."""
    files = [file for kind in ("*.py", "*.po") for file in Path(gradjudge.__file__).parent.rglob(kind)]
    return digest_of((file.name, file.read_bytes()) for file in sorted(files))


def _read(file: Path, limits: GradingLimits) -> HandIn:
    """Read a submission as a judge does; a file that a judge would refuse counts as left out."""
    try:
        return read_hand_in(file, limits)
    except RefusedFile:
        companions, left_out = read_companions(file, limits)
        return hand_in(file.name, b"", companions, (LeftOut(file.name, "", ""), *left_out))


def _kind(path: Path) -> str:
    """Describe a file that is not read: while this is unchanged, it is refused for the same reason."""
    try:
        status = path.lstat()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return f"{status.st_mode:o} {status.st_size} {status.st_nlink > 1}"


def handed_in(course: Course, assignment: str, folder: Path) -> Late | None:
    """Read nbgrader's ``timestamp.txt`` in a submission's folder, and compute the penalty; None if there is none.

    Raises:
        OSError: it cannot be read.
    """
    rubric = course.rubric.assignment(assignment)
    try:
        text = read_regular(folder / TIMESTAMP, LONGEST_TIMESTAMP).decode().strip()
        moment = datetime.fromisoformat(text.removesuffix(" UTC") + ("+00:00" if text.endswith(" UTC") else ""))
        if moment.tzinfo is None:
            moment = moment.astimezone()
    except (FileNotFoundError, RefusedFile, ValueError, OverflowError):
        return None
    return Late(moment.isoformat(), late_penalty(rubric.due, moment, rubric.late))


def plan(
    course: Course,
    assignment: str,
    keys: KeyMaker,
    *,
    submitted: Path | None = None,
    grades: Path | None = None,
    only: Sequence[str] = (),
    fresh: bool = False,
) -> CohortPlan:
    """Decide which submissions need a judge.

    Args:
        only: these students only; all if empty.
        fresh: judge again what has a report under the same key.

    Raises:
        CourseError: there is no folder of submissions.
    """
    jobs: list[Job] = []
    done: list[Report] = []
    problems: list[ChosenFile] = []
    for found in course.submissions(assignment, submitted):
        if only and found.student not in only:
            continue
        if found.file is None:
            problems.append(found)
            continue
        try:
            late = handed_in(course, assignment, found.folder or found.file.parent)
            key, digest = keys.key(assignment, found.file, late, found.also)
        except OSError as error:
            problem = f"{error.filename}: {error.strerror}. Make it readable for whoever grades."
            problems.append(ChosenFile(found.student, problem=readable(problem), ours=True))
            continue
        before = None if fresh else read_report(course.report(found.student, assignment, grades))
        if before is not None and before.verdict.key == key and not before.ungraded:
            done.append(before)
        else:
            notes = tuple(remark.noted(course.rubric.languages) for remark in found.remarks)
            job = Job(found.student, assignment, str(found.file), key, late, notes, digest=digest, also=found.also)
            jobs.append(job)
    return CohortPlan(assignment, tuple(jobs), tuple(done), tuple(problems))


def run(
    todo: Sequence[Job],
    supervisor: Supervisor,
    save: Callable[[Report], None],
    *,
    jobs: int,
    on_report: Callable[[Report], None] = lambda _report: None,
) -> list[Report]:
    """Judge submissions, `jobs` at a time; each report is saved at once.

    A fault in judging leaves its submission ungraded and does not stop the others.
    """
    reports: list[Report] = []
    with judges(supervisor, jobs) as pool:
        for future in as_completed([pool.submit(_judge, supervisor, job) for job in todo]):
            report = future.result()
            save(report)
            reports.append(report)
            on_report(report)
    return reports


def _judge(supervisor: Supervisor, job: Job) -> Report:
    try:
        report = supervisor.judge(job)
        if report.verdict.submission in ("", job.digest):
            return report
        # The files changed after the key was made. Without a key, the next run grades them again.
        return msgspec.structs.replace(report, verdict=msgspec.structs.replace(report.verdict, key=""))
    except Exception as fault:  # noqa: BLE001  our fault, whatever it is; the others must be graded
        return supervisor.blank(job, "ungraded", FAULT, f"{type(fault).__name__}: {fault}")


def finish(
    course: Course, plan: CohortPlan, judged: Sequence[Report], *, submitted: Path | None, grades: Path | None
) -> tuple[list[Report], Path]:
    """Report on submissions without a file and write the table of scores; return the reports and the table's path.

    Args:
        judged: reports from `run`; those on other assignments are ignored.
    """
    reports = [*plan.done, *(report for report in judged if report.verdict.assignment == plan.assignment)]
    for found in plan.problems:
        report = without_file(course, plan.assignment, found)
        save_report(course, grades, report)
        reports.append(report)
    kept = standing(course, plan.assignment, reports, submitted=submitted, grades=grades)
    return reports, save_table(course, grades, plan.assignment, [*reports, *kept])


def without_file(course: Course, assignment: str, found: ChosenFile) -> Report:
    """Return the report on a submission without a readable file to judge."""
    rubric = course.rubric.assignment(assignment)
    state, message = ("ungraded", FAULT) if found.ours else ("failed", found.told or MISSING)
    if found.unread:
        state, message = "unread", found.told or UNREAD
    return report_of(unjudged(rubric, state, message, found.problem), assignment=assignment, student=found.student)


def grades_csv(reports: Sequence[Report], order: Sequence[str] = ()) -> bytes:
    """Return the table of scores, one row per student, sorted: totals, then each item's points.

    Args:
        order: names of the items, in the order of their columns: reports read from files have them in another order
            than fresh ones, and the table must not depend on that.
    """
    names = list(dict.fromkeys([*order, *sorted({name for report in reports for name in report.verdict.items})]))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(["student", "assignment", "score", "max_score", "pending", "state", "late_penalty", *names])
    for report in sorted(reports, key=lambda one: one.verdict.student):
        verdict = report.verdict
        cells = [_points(report, name) for name in names]
        penalty = verdict.late.penalty if verdict.late else 0
        row = [defused(shown(verdict.student)), verdict.assignment, verdict.score, verdict.max_score, verdict.pending]
        writer.writerow([*row, report.state, penalty, *cells])
    return out.getvalue().encode("utf-8")


def _points(report: Report, name: str) -> str:
    item = report.verdict.items.get(name)
    if item is None:
        return ""
    return item.state if item.state in UNJUDGED else f"{item.points:g}"


def defused(text: str) -> str:
    """Return `text` with an apostrophe before it if a spreadsheet would run it as a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def save_report(course: Course, grades: Path | None, report: Report) -> None:
    """Write a report to its file.

    Raises:
        CourseError: it cannot be written.
    """
    path = course.report(report.verdict.student, report.verdict.assignment, grades)
    try:
        write_report(report, path)
    except OSError as error:
        raise unwritable(path, error) from error


def standing(
    course: Course, assignment: str, reports: Sequence[Report], *, submitted: Path | None, grades: Path | None
) -> list[Report]:
    """Return the reports on disk of the students who are not in `reports` (because of ``--only``)."""
    have = {report.verdict.student for report in reports}
    others = (student for student in course.students(assignment, submitted) if student not in have)
    kept = (read_report(course.report(student, assignment, grades)) for student in others)
    return [report for report in kept if report is not None]


def save_table(course: Course, grades: Path | None, assignment: str, reports: Sequence[Report]) -> Path:
    """Write ``grades.csv`` and return its path.

    Raises:
        CourseError: it cannot be written.
    """
    path = course.grades_table(assignment, grades)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, grades_csv(reports, [item.name for item in course.rubric.assignment(assignment).items]))
    except OSError as error:
        raise unwritable(path, error) from error
    return path
