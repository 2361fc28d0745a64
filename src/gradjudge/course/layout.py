"""Where everything of a course lies."""

from __future__ import annotations

import errno
import os
import re
from functools import cached_property
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.choice import choose
from gradjudge.course.hand_in.content import Asked, asked_for
from gradjudge.course.hand_in.remarks import Remark
from gradjudge.course.rubric import Rubric
from gradjudge.course.rubric_file import load_rubric
from gradjudge.errors import CourseError
from gradjudge.files import digest_of, readable
from gradjudge.text import LANGUAGES, Text

RUBRIC = "grading.toml"


class ChosenFile(msgspec.Struct, frozen=True):
    """What one student's folder holds for an assignment: a file, or the reason why there is none to read.

    Attributes:
        student: name of the student's folder.
        file: the notebook or script to grade, or None.
        problem: why `file` is None, for staff; empty if it is not.
        folder: what was handed in: `file` lies in it, or in a folder inside it.
        told: why `file` is None, for the student; None where nothing was found.
        remarks: what there is to say about the choice of `file`.
        also: lines of Python to run after it.
        ours: whether `problem` is no fault of the student's: nothing could be read.
        unread: whether there are files, and a person must choose among them.
    """

    student: str
    file: Path | None = None
    folder: Path | None = None
    problem: str = ""
    told: Text | None = None
    remarks: tuple[Remark, ...] = ()
    also: tuple[str, ...] = ()
    ours: bool = False
    unread: bool = False


#: How a hidden test asks for a name.
_OF_A_STUDENT = re.compile(r"\bstudent\.(?!stand_in)([A-Za-z_]\w*)")
#: What a student can bring about who hands in links: they go round in circles, or to names that no path can have.
_BY_LINKS = (errno.ELOOP, errno.ENAMETOOLONG)


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
            CourseError: see `gradjudge.course.rubric_file.load_rubric`.
        """
        return load_rubric(self.rubric_file)

    @property
    def rubric_file(self) -> Path:
        """``grading.toml``."""
        return self.root / RUBRIC

    @property
    def seed(self) -> str:
        """The course's secret seed (see `gradjudge.course.rubric.SeedSource.read`)."""
        return self.rubric.seed.read(self.root)

    # --- what staff writes ------------------------------------------------------------------------------------------

    def source(self, assignment: str) -> Path:
        """Return the instructor's notebook."""
        return self.root / "source" / assignment / f"{assignment}.ipynb"

    def autograder(self, assignment: str) -> Path:
        """Return the folder of the hidden tests."""
        return self.root / "autograder" / assignment

    def tests_digest(self, assignment: str) -> str:
        """Digest the hidden tests as they are now."""
        return digest_of((file.name, file.read_bytes()) for file in sorted(self.autograder(assignment).glob("*.py")))

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

    def reports(self, assignment: str, grades: Path | None = None) -> Path:
        """Return the folder of an assignment's reports and their table, in `grades` if they are kept elsewhere."""
        return (grades or self.grades) / assignment

    def report(self, student: str, assignment: str, grades: Path | None = None) -> Path:
        """Return the file of the report on one submission."""
        return self.reports(assignment, grades) / f"{student}.json"

    def grades_table(self, assignment: str, grades: Path | None = None) -> Path:
        """Return the file of the table of scores."""
        return self.reports(assignment, grades) / "grades.csv"

    def submissions(self, assignment: str, submitted: Path | None = None) -> list[ChosenFile]:
        """List what each student handed in, sorted by student.

        Which file of ``<submitted>/<student>/<assignment>/`` is taken, `gradjudge.course.hand_in.choice.choose` says. A
        folder without one is a problem of that student's, not an exception. Students without a folder for this
        assignment are not listed.

        Raises:
            CourseError: there is no such folder of submissions.
        """
        base = submitted or self.submitted
        names = self._students(base, assignment)
        found = (self._in_folder(student, assignment, base / student / assignment) for student in names)
        return [one for one in found if one is not None]

    def students(self, assignment: str, submitted: Path | None = None) -> list[str]:
        """List whose folders there are, as `submissions` names them; nothing of what lies in them is looked at.

        Raises:
            CourseError: there is no such folder of submissions.
        """
        base = submitted or self.submitted
        return [
            readable(name) for name in self._students(base, assignment) if os.path.lexists(base / name / assignment)
        ]

    def _students(self, base: Path, assignment: str) -> list[str]:
        if not base.is_dir():
            raise CourseError(
                f"{base}: no such folder. Put submissions into {base}/STUDENT/{assignment}/, or name another folder "
                "with --submitted DIR."
            )
        try:
            return sorted(folder.name for folder in base.iterdir() if not _is_own(folder.name))
        except OSError as error:
            raise CourseError(f"{error.filename}: {error.strerror}. Make it readable for whoever grades.") from error

    def asked(self, assignment: str) -> Asked:
        """Return what the assignment asks for: what its release says, else what its hidden tests ask of a student."""
        releases = [path for language in LANGUAGES if (path := self.release(language, assignment)).is_file()]
        tests = [] if releases else sorted(self.autograder(assignment).glob("*.py"))
        names = {name for test in tests for name in _OF_A_STUDENT.findall(test.read_text(encoding="utf-8"))}
        return asked_for(releases, names, self.rubric.assignment(assignment).aliases) if releases or names else Asked()

    def _in_folder(self, student: str, assignment: str, folder: Path) -> ChosenFile | None:
        """Say what a student's folder holds; None if there is none. What cannot be looked at stops nobody else."""
        try:
            return self._choose(student, assignment, folder) if folder.is_symlink() or folder.is_dir() else None
        except OSError as error:
            problem = readable(f"{folder}: it cannot be looked at: {error.strerror}.")
            return ChosenFile(readable(student), problem=problem, ours=error.errno not in _BY_LINKS)

    def _choose(self, student: str, assignment: str, folder: Path) -> ChosenFile:
        """Choose the file of `folder` to grade; no report could hold a name that is not UTF-8."""
        named = readable(student)
        if folder.is_symlink() or folder.parent.is_symlink():
            return ChosenFile(named, problem=readable(f"{folder}: {_LINKED}"))
        if readable(str(folder)) != str(folder):
            return ChosenFile(
                named, problem=readable(f"{folder}: the folder's name is not UTF-8. Rename it."), ours=True
            )
        choice = choose(folder, assignment, lambda: self.asked(assignment))
        if choice.file is None:
            problem = readable(choice.problem)
            return ChosenFile(named, folder=folder, problem=problem, told=choice.told, unread=choice.unread)
        file = folder / choice.file
        if readable(str(file)) != str(file):
            problem = f"{file}: the name is not UTF-8. Rename it: letters, digits, '-' and '_'."
            return ChosenFile(named, folder=folder, problem=readable(problem), unread=True)
        return ChosenFile(named, file, folder, remarks=choice.remarks, also=choice.also)


def _is_own(name: str) -> bool:
    """Tell what gradjudge and tools keep beside students' folders. Nobody else is passed over in silence."""
    return name.startswith((".collecting-", ".collected")) or name in (".ipynb_checkpoints", ".git", ".cache")


_LINKED = "the folder is a symbolic link; put the files themselves there."
