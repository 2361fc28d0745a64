"""Generate releases, with a supervisor for the gates that need grading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gradjudge.authoring.release.generation import Generated, release
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import ItemResult
from gradjudge.reports.views import said


def release_course(
    course: Course, names: tuple[str, ...], *, check: bool, say: Callable[[str], None], sandbox: str
) -> list[Generated]:
    """Generate (or, with `check`, compare) the releases and solutions of some assignments.

    The executed solution must earn every point of the automatic items, with each cell in time, and the untouched
    release none.

    Raises:
        CourseError: a gate refuses; nothing has been written.
    """
    for name in names:
        course.rubric.assignment(name)
    with Supervisor(course, names, device="cpu", sandbox=sandbox) as supervisor:
        if supervisor.problems:
            raise CourseError("\n".join(supervisor.problems))

        def judge(notebook: Path) -> Mapping[str, ItemResult]:
            report = supervisor.judge(Job(student="release", assignment=notebook.stem, file=str(notebook)))
            for cell in report.verdict.cells:
                if cell.state == "timed-out":
                    raise CourseError(f"{notebook}: {said(cell.message, 'en')}. Shorten it, or raise cell_seconds.")
            return report.verdict.items

        return release(course, names, check=check, judge=judge, progress=say)
