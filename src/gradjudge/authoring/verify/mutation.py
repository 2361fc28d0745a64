"""Mutation testing: grade every mutant of the solution, and report those that the tests miss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from gradjudge.authoring.release.source_notebook import Source, read_source
from gradjudge.authoring.verify.equivalence import Equivalence
from gradjudge.authoring.verify.judging import judge_all, listed, lost_points, supervisor_of, whole
from gradjudge.authoring.verify.mutants import Mutant, base_file, mutants_of, program_of
from gradjudge.cohort.supervisor import judges
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment
from gradjudge.errors import CourseError
from gradjudge.judge.jobs import Job

Say = Callable[[str], None]


class Survivor(msgspec.Struct, frozen=True):
    """A mutant that lost no points.

    Attributes:
        should: the checks of the mutated cell, one of which should have caught it.
    """

    name: str
    kind: str
    diff: str
    should: tuple[str, ...]


class Score(msgspec.Struct, frozen=True):
    """How many mutants of a kind were made, killed, and found equivalent."""

    made: int
    killed: int
    equivalent: int

    @property
    def share(self) -> float:
        """The share killed of those that are not equivalent; 1 if there are none."""
        due = self.made - self.equivalent
        return self.killed / due if due else 1.0


class Tried(msgspec.Struct, frozen=True):
    """The results for an assignment's mutants.

    Attributes:
        ordinary, evasive: scores of the two kinds.
        survivors, equivalent: mutants that lost nothing, because the tests missed them or nothing changed.
        seen: by item, the number of mutants of its cells, and of those that cost it points.
        untried: number of mutants for which there was no time.
    """

    ordinary: Score = Score(0, 0, 0)
    evasive: Score = Score(0, 0, 0)
    survivors: tuple[Survivor, ...] = ()
    equivalent: tuple[Survivor, ...] = ()
    seen: dict[str, tuple[int, int]] = {}
    untried: int = 0


def try_mutants(
    course: Course,
    assignment: Assignment,
    folder: Path,
    *,
    every: int,
    minutes: float,
    jobs: int,
    sandbox: str,
    say: Say,
) -> Tried:
    """Grade mutants of an assignment's solution.

    Args:
        folder: for their files.
        every: take every n-th only.
        minutes: start no more mutants after this time.
        jobs: submissions at a time.

    Raises:
        CourseError: the unchanged definitions of the solution lose points, so mutants would show nothing.
    """
    name, due = assignment.name, whole(assignment)
    source = read_source(course.source(name))
    graded = {cell for item in assignment.items if item.kind == "auto" for cell in item.cells}
    mutants = mutants_of(source, graded)[::every]
    say(f"{name}: {len(mutants)} mutants")
    lost = _grade(course, source, name, mutants, due, folder, minutes, jobs, sandbox)
    tried = [mutant for mutant in mutants if mutant.name in lost]
    alive = [mutant for mutant in tried if not lost[mutant.name]]
    say(f"{name}: {len(alive)} survivors: looking for those that change nothing")
    same = _equivalent(course, source, assignment, alive, folder, jobs, sandbox)
    cells = {item.name: set(item.cells) for item in assignment.items if item.kind == "auto"}
    return Tried(
        ordinary=_score("ordinary", tried, alive, same),
        evasive=_score("evasive", tried, alive, same),
        survivors=tuple(_survivor(mutant, assignment) for mutant in alive if mutant.name not in same),
        equivalent=tuple(_survivor(mutant, assignment) for mutant in alive if mutant.name in same),
        seen={
            item: (
                sum(mutant.cell in cells[item] for mutant in tried),
                sum(mutant.cell in cells[item] and item in lost[mutant.name] for mutant in tried),
            )
            for item in cells
        },
        untried=len(mutants) - len(tried),
    )


def _grade(
    course: Course,
    source: Source,
    name: str,
    mutants: Sequence[Mutant],
    due: dict[str, float],
    folder: Path,
    minutes: float,
    jobs: int,
    sandbox: str,
) -> dict[str, dict[str, float]]:
    """Return the lost points of each mutant that there was time for."""
    lost: dict[str, dict[str, float]] = {}
    ends = time.monotonic() + 60 * minutes
    with supervisor_of(course, name, sandbox, quick=True) as supervisor:
        base = base_file(folder, program_of(source), name)
        if gone := lost_points(judge_all(supervisor, name, {"base": base}, 1)["base"], due):
            raise CourseError(
                f"{course.source(name)}: its definitions alone lose {listed(gone)}: they have no mutants."
            )
        # In batches, to watch the time; shuffled, so that the first batches cover all cells and kinds.
        step = 8 * jobs if minutes < math.inf else max(1, len(mutants))
        mixed = sorted(mutants, key=lambda mutant: sha256(mutant.name.encode()).digest())
        for place in range(0, len(mixed), step):
            if time.monotonic() > ends:
                break
            files = {mutant.name: _write(mutant, folder, name) for mutant in mixed[place : place + step]}
            reports = judge_all(supervisor, name, files, jobs)
            lost |= {who: lost_points(report, due) for who, report in reports.items()}
    return lost


def _write(mutant: Mutant, folder: Path, name: str) -> Path:
    path = folder / "mutants" / sha256(mutant.name.encode()).hexdigest()[:16] / f"{name}.py"
    path.parent.mkdir(parents=True)
    path.write_text(mutant.source, encoding="utf-8")
    return path


def _equivalent(
    course: Course,
    source: Source,
    assignment: Assignment,
    alive: Sequence[Mutant],
    folder: Path,
    jobs: int,
    sandbox: str,
) -> set[str]:
    """Return the names of the equivalent mutants."""
    if not alive:
        return set()
    name, language = assignment.name, course.rubric.default_language
    with supervisor_of(course, name, sandbox) as supervisor:
        probe = Equivalence(
            source, assignment, language, folder, lambda path: supervisor.judge(Job("verify", name, str(path)))
        )
        with judges(supervisor, jobs) as pool:
            return {mutant.name for mutant, holds in zip(alive, pool.map(probe.holds, alive), strict=True) if holds}


def _score(kind: str, mutants: Sequence[Mutant], alive: Sequence[Mutant], same: set[str]) -> Score:
    made = [mutant for mutant in mutants if mutant.kind == kind]
    living = [mutant for mutant in alive if mutant.kind == kind]
    return Score(len(made), len(made) - len(living), sum(mutant.name in same for mutant in living))


def _survivor(mutant: Mutant, assignment: Assignment) -> Survivor:
    should = [f"{item.name}/{check}" for item in assignment.items if mutant.cell in item.cells for check in item.checks]
    return Survivor(mutant.name, mutant.kind, mutant.diff, tuple(should))
