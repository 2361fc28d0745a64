"""The layout of a course's folder. No other module spells its paths."""

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
    """The file chosen from one student's folder for an assignment, or why there is none.

    Attributes:
        student: name of the student's folder.
        file: the notebook or script to grade, or None.
        problem: why `file` is None, for staff.
        folder: what was handed in; `file` is in it, perhaps in a subfolder.
        told: why `file` is None, for the student; None if nothing was found.
        remarks: on the choice of `file`.
        also: lines of Python to run after `file`.
        ours: whether `problem` is not the student's fault: the folder could not be read.
        unread: whether a person must choose among several files.
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


#: How a hidden test refers to a name of the submission.
_OF_A_STUDENT = re.compile(r"\bstudent\.(?!stand_in)([A-Za-z_]\w*)")
#: Errors that a student's symbolic links can cause: loops, names that are too long.
_BY_LINKS = (errno.ELOOP, errno.ENAMETOOLONG)


class Course:
    """A course's folder and the paths in it."""

    def __init__(self, root: Path) -> None:
        """Take the folder that holds ``grading.toml``."""
        self.root = root

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Return the course that contains `start` (default: the current folder), the nearest one above.

        Raises:
            CourseError: neither `start` nor a folder above it has a ``grading.toml``.
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
        """The rubric, read on first use.

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

    # --- written by staff ------------------------------------------------------------------------------------------

    def source(self, assignment: str) -> Path:
        """Return the instructor's notebook."""
        return self.root / "source" / assignment / f"{assignment}.ipynb"

    @property
    def autograders(self) -> Path:
        """The folder of all hidden tests, one subfolder per assignment."""
        return self.root / "autograder"

    def autograder(self, assignment: str) -> Path:
        """Return the folder of an assignment's hidden tests."""
        return self.autograders / assignment

    def tests_digest(self, assignment: str) -> str:
        """Digest the hidden tests as they are on disk."""
        return digest_of((file.name, file.read_bytes()) for file in sorted(self.autograder(assignment).glob("*.py")))

    def wheats(self, assignment: str) -> Path:
        """Return the folder of right solutions, which must get full marks."""
        return self.autograder(assignment) / "wheats"

    def chaffs(self, assignment: str) -> Path:
        """Return the folder of wrong solutions, which must lose the items that they name."""
        return self.autograder(assignment) / "chaffs"

    # --- generated ------------------------------------------------------------------------------------------

    @property
    def generated(self) -> tuple[Path, Path]:
        """The folders whose files are all generated: ``release/`` and ``solutions/``."""
        return self.root / "release", self.root / "solutions"

    def release_folder(self, language: str, assignment: str) -> Path:
        """Return the folder that students get in one language."""
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

    # --- submissions and reports ----------------------------------------------------------------

    @property
    def submitted(self) -> Path:
        """The folder of submissions, in nbgrader's layout: ``submitted/<student>/<assignment>/``."""
        return self.root / "submitted"

    @property
    def grades(self) -> Path:
        """The folder of reports."""
        return self.root / "grades"

    def reports(self, assignment: str, grades: Path | None = None) -> Path:
        """Return the folder of an assignment's reports, under `grades` if they are kept elsewhere."""
        return (grades or self.grades) / assignment

    def report(self, student: str, assignment: str, grades: Path | None = None) -> Path:
        """Return the path of a student's report."""
        return self.reports(assignment, grades) / f"{student}.json"

    def grades_table(self, assignment: str, grades: Path | None = None) -> Path:
        """Return the path of the table of scores."""
        return self.reports(assignment, grades) / "grades.csv"

    @property
    def secret(self) -> tuple[Path, ...]:
        """What no session may read."""
        folders = (self.root / name for name in ("autograder", "solutions", "source"))
        seed = self.rubric.seed.file
        files = (self.rubric_file, self.root / seed) if seed else (self.rubric_file,)
        return (*files, *folders, self.submitted, self.grades)

    def submissions(self, assignment: str, submitted: Path | None = None) -> list[ChosenFile]:
        """List what each student handed in, sorted by student.

        `gradjudge.course.hand_in.choice.choose` picks the file in ``<submitted>/<student>/<assignment>/``. A folder
        without one is that student's problem, not an exception. Students without a folder for this assignment are not
        listed.

        Raises:
            CourseError: there is no such folder of submissions.
        """
        base = submitted or self.submitted
        names = self._students(base, assignment)
        found = (self._in_folder(student, assignment, base / student / assignment) for student in names)
        return [one for one in found if one is not None]

    def students(self, assignment: str, submitted: Path | None = None) -> list[str]:
        """List the students who have a folder, named as in `submissions`, without looking into the folders.

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
        """Return what the assignment asks for: by its releases, or by its hidden tests if it has none."""
        releases = [path for language in LANGUAGES if (path := self.release(language, assignment)).is_file()]
        tests = [] if releases else sorted(self.autograder(assignment).glob("*.py"))
        names = {name for test in tests for name in _OF_A_STUDENT.findall(test.read_text(encoding="utf-8"))}
        return asked_for(releases, names, self.rubric.assignment(assignment).aliases) if releases or names else Asked()

    def _in_folder(self, student: str, assignment: str, folder: Path) -> ChosenFile | None:
        """Choose the file of a student's folder; None if there is no folder. An unreadable folder stops nobody else."""
        try:
            return self._choose(student, assignment, folder) if folder.is_symlink() or folder.is_dir() else None
        except OSError as error:
            problem = readable(f"{folder}: it cannot be looked at: {error.strerror}.")
            return ChosenFile(readable(student), problem=problem, ours=error.errno not in _BY_LINKS)

    def _choose(self, student: str, assignment: str, folder: Path) -> ChosenFile:
        """Choose the file to grade. Names that are not UTF-8 are problems: no report could hold them."""
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
    """Tell whether gradjudge or a tool made this folder beside the students' folders."""
    return name.startswith((".collecting-", ".collected")) or name in (".ipynb_checkpoints", ".git", ".cache")


_LINKED = "the folder is a symbolic link; put the files themselves there."
