"""Where everything of a course lies. No other module spells a folder's name."""

from __future__ import annotations

import stat
from functools import cached_property
from pathlib import Path

import msgspec

from gradjudge.errors import CourseError
from gradjudge.rubric import Rubric, load_rubric

RUBRIC = "grading.toml"
SUFFIXES = (".ipynb", ".py")


class Found(msgspec.Struct, frozen=True):
    """What one student's folder holds for an assignment: a file, or the reason why there is none to read.

    Attributes:
        student: name of the student's folder.
        file: the notebook or script to grade, or None.
        problem: why `file` is None, for staff; empty if it is not.
    """

    student: str
    file: Path | None = None
    problem: str = ""


class Course:
    """A course's folder and all paths in it."""

    def __init__(self, root: Path) -> None:
        """Take the folder that holds ``grading.toml``."""
        self.root = root

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Return the course that holds `start` (the current folder if None): the nearest with a ``grading.toml``.

        Raises:
            CourseError: neither `start` nor a folder above it has one.
        """
        first = (start or Path.cwd()).resolve()
        for folder in (first, *first.parents):
            if (folder / RUBRIC).is_file():
                return cls(folder)
        raise CourseError(
            f"{first}: no {RUBRIC} here or in a folder above. "
            "Go to the course's folder, or name it with --course FOLDER."
        )

    @cached_property
    def rubric(self) -> Rubric:
        """The course's rubric, read at first use.

        Raises:
            CourseError: see `gradjudge.rubric.load_rubric`.
        """
        return load_rubric(self.rubric_file)

    @property
    def rubric_file(self) -> Path:
        """``grading.toml``."""
        return self.root / RUBRIC

    @property
    def seed(self) -> str:
        """The course's secret seed (see `gradjudge.rubric.SeedSource.read`)."""
        return self.rubric.seed.read(self.root)

    # --- what staff writes ------------------------------------------------------------------------------------------

    def source(self, assignment: str) -> Path:
        """Return the instructor's notebook."""
        return self.root / "source" / assignment / f"{assignment}.ipynb"

    def autograder(self, assignment: str) -> Path:
        """Return the folder of the hidden tests."""
        return self.root / "autograder" / assignment

    def wheats(self, assignment: str) -> Path:
        """Return the folder of correct solutions that must get full marks."""
        return self.autograder(assignment) / "wheats"

    def chaffs(self, assignment: str) -> Path:
        """Return the folder of wrong solutions that must lose the named items."""
        return self.autograder(assignment) / "chaffs"

    # --- what is generated ------------------------------------------------------------------------------------------

    def release_folder(self, language: str, assignment: str) -> Path:
        """Return the folder that students of one language get."""
        return self.root / "release" / language / assignment

    def release(self, language: str, assignment: str) -> Path:
        """Return the student's notebook in one language."""
        return self.release_folder(language, assignment) / f"{assignment}.ipynb"

    def solution_folder(self, assignment: str) -> Path:
        """Return the folder of the executed solution."""
        return self.root / "solutions" / assignment

    def solution(self, assignment: str) -> Path:
        """Return the executed solution, in the course's default language."""
        return self.solution_folder(assignment) / f"{assignment}.ipynb"

    # --- what students hand in, and what comes of it ----------------------------------------------------------------

    @property
    def submitted(self) -> Path:
        """The folder of submissions, in nbgrader's layout: ``submitted/<student>/<assignment>/``."""
        return self.root / "submitted"

    @property
    def grades(self) -> Path:
        """The folder of reports."""
        return self.root / "grades"

    def submission_folder(self, student: str, assignment: str) -> Path:
        """Return the folder of what one student handed in."""
        return self.submitted / student / assignment

    def report(self, student: str, assignment: str) -> Path:
        """Return the file of the report on one submission."""
        return self.grades / assignment / f"{student}.json"

    def grades_table(self, assignment: str) -> Path:
        """Return the file of the table of scores."""
        return self.grades / assignment / "grades.csv"

    def submissions(self, assignment: str, submitted: Path | None = None) -> list[Found]:
        """List what each student handed in, sorted by student.

        In ``<submitted>/<student>/<assignment>/`` the notebook or script named like the assignment is taken (the
        notebook if there are both), else the only notebook, else the only script. Anything else is a problem of that
        student's, not an exception. Students without a folder for this assignment are not listed.

        Raises:
            CourseError: there is no such folder of submissions.
        """
        base = submitted or self.submitted
        if not base.is_dir():
            raise CourseError(
                f"{base}: no such folder. Put submissions into {base}/STUDENT/{assignment}/, or name another folder "
                "with --submitted DIR."
            )
        try:
            students = sorted(folder.name for folder in base.iterdir() if not folder.name.startswith("."))
        except OSError as error:
            raise CourseError(f"{error.filename}: {error.strerror}. Make it readable for whoever grades.") from error
        found = (_in_folder(student, assignment, base / student / assignment) for student in students)
        return [one for one in found if one is not None]


def _in_folder(student: str, assignment: str, folder: Path) -> Found | None:
    """Say what a student's folder holds; None if there is none. What cannot be looked at is that student's problem."""
    try:
        return _choose(student, assignment, folder) if folder.is_symlink() or folder.is_dir() else None
    except OSError as error:  # also of a link whose target is longer than any path
        return Found(readable(student), problem=readable(f"{folder}: it cannot be looked at: {error.strerror}."))


def _choose(student: str, assignment: str, folder: Path) -> Found:
    """Choose the file of `folder` to grade; names that are not UTF-8 are refused, for no report could hold them."""
    found = _look_into(student, assignment, folder)
    problem = found.problem
    if found.file is not None and readable(str(found.file)) != str(found.file):
        problem = f"{found.file}: the name is not UTF-8. Rename it: letters, digits, '-' and '_'."
    return Found(readable(student), None if problem else found.file, readable(problem))


def readable(name: str) -> str:
    """Return a name of the file system as text that can be printed and encoded: what is not UTF-8 becomes ``\\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _look_into(student: str, assignment: str, folder: Path) -> Found:
    if folder.is_symlink() or folder.parent.is_symlink():
        return Found(student, problem=f"{folder}: the folder is a symbolic link; put the files themselves there.")
    # Links are kept in the list, for the reader to refuse by name: to pass over one would grade another file unasked.
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and not _is_own_folder(entry)
    )
    for suffix in SUFFIXES:
        wanted = f"{assignment}{suffix}"
        if wanted in names:
            return Found(student, folder / wanted)
        matching = [name for name in names if name.lower() == wanted.lower()]
        if len(matching) == 1:
            return Found(student, folder / matching[0])
    for suffix in SUFFIXES:
        having = [name for name in names if name.lower().endswith(suffix)]
        if len(having) == 1:
            return Found(student, folder / having[0])
        if having:
            return Found(
                student,
                problem=f"{folder}: found {', '.join(having[:5])}; expected one named {assignment}{suffix}.",
            )
    return Found(student, problem=f"{folder}: no notebook and no script; expected {assignment}.ipynb.")


def _is_own_folder(path: Path) -> bool:
    """Tell whether this is a folder, and no link to one: where a link leads is not asked."""
    return stat.S_ISDIR(path.lstat().st_mode)
