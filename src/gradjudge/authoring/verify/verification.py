"""Verify the autograders: grade right submissions, wrong ones and mutants, and report what the tests miss.

Everything is graded like a real submission: in a jailed session, by a judge.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gradjudge.authoring.verify.corpus import Case, read_corpus
from gradjudge.authoring.verify.judging import judge_all, listed, lost_points, supervisor_of, whole
from gradjudge.authoring.verify.mutation import Say, Score, Survivor, Tried, try_mutants
from gradjudge.authoring.verify.naming import Named, Naming, count, naming
from gradjudge.authoring.verify.naming import faults as misnamed
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment, Bar
from gradjudge.reports.record import Report, verdict_bytes


class Seen(msgspec.Struct, frozen=True):
    """Counts for one item: mutants of its cells, those that cost it points, and chaffs that lose it."""

    item: str
    mutants: int
    caught: int
    chaffs: int


class Verification(msgspec.Struct, frozen=True):
    """The results for one assignment's autograder.

    Attributes:
        right: right submissions (the solution, the wheats) that got what they should, of how many.
        empty: releases that earned nothing, of how many.
        wrong: chaffs that lost exactly what they should, of how many.
        gradings, rejected: gradings of right submissions over all seeds, and those that lost points.
        repeats, flakes: repeated gradings, and those with different verdicts.
        ordinary, evasive: scores of the mutants.
        survivors, equivalent: mutants that lost nothing, because the tests missed them or nothing changed.
        untried: number of mutants for which there was no time.
        named, namings: whether the feedback names the mistakes of chaffs, in total and for each.
        faults: one line each.
    """

    assignment: str
    right: tuple[int, int]
    empty: tuple[int, int]
    wrong: tuple[int, int]
    gradings: int
    rejected: int
    repeats: int
    flakes: int
    ordinary: Score
    evasive: Score
    items: tuple[Seen, ...]
    survivors: tuple[Survivor, ...]
    equivalent: tuple[Survivor, ...]
    untried: int
    named: Named
    namings: tuple[Naming, ...]
    faults: tuple[str, ...]
    seconds: float

    @property
    def bound(self) -> float:
        """Upper bound (95 %) on the share of right submissions that lose points: 3/n when none of n did."""
        if not self.gradings:
            return 1.0
        if not self.rejected:
            return 3 / self.gradings
        return min(1.0, (self.rejected + 2 * math.sqrt(self.rejected) + 3) / self.gradings)

    def meets(self, bar: Bar) -> bool:
        """Tell whether there are no faults, and both mutation scores and the share of named mistakes reach the bar."""
        mutants = self.ordinary.share >= bar.ordinary and self.evasive.share >= bar.evasive
        return not self.faults and mutants and self.named.share >= bar.named


class VerificationSettings(msgspec.Struct, frozen=True):
    """How much to verify.

    Attributes:
        seeds: course seeds under which right submissions are graded.
        repeats: how often the same submissions are graded again, to compare verdicts.
        mutants: whether to grade mutants.
        every: take every n-th mutant only.
        minutes: start no more mutants of an assignment after this time.
        corpus: whether to grade wheats, chaffs, solution and releases.
        jobs: submissions at a time.
    """

    seeds: int = 1
    repeats: int = 2
    mutants: bool = False
    every: int = 1
    minutes: float = math.inf
    corpus: bool = True
    jobs: int = 2


def verify(course: Course, name: str, plan: VerificationSettings, *, sandbox: str, say: Say) -> Verification:
    """Verify one assignment's autograder.

    Raises:
        CourseError: the hidden tests cannot be collected, or the corpus or the solution cannot be read.
    """
    started = time.monotonic()
    assignment = course.rubric.assignment(name)
    cases = read_corpus(course, assignment)
    with TemporaryDirectory(prefix="gradjudge-verify-") as scratch:
        folder = Path(scratch)
        found = _Corpus()
        if plan.corpus:
            found = _grade_corpus(course, assignment, cases, folder, plan, sandbox, say)
        tried = Tried()
        if plan.mutants:
            tried = try_mutants(
                course,
                assignment,
                folder,
                every=plan.every,
                minutes=plan.minutes,
                jobs=plan.jobs,
                sandbox=sandbox,
                say=say,
            )
    chaffs = {item.name: sum(item.name in case.loses for case in cases) for item in assignment.items}
    return Verification(
        assignment=name,
        **msgspec.structs.asdict(found),
        ordinary=tried.ordinary,
        evasive=tried.evasive,
        items=tuple(
            Seen(item.name, *tried.seen.get(item.name, (0, 0)), chaffs[item.name])
            for item in assignment.items
            if item.kind == "auto"
        ),
        survivors=tried.survivors,
        equivalent=tried.equivalent,
        untried=tried.untried,
        seconds=time.monotonic() - started,
    )


class _Corpus(msgspec.Struct, frozen=True):
    """The fields of `Verification` about the corpus."""

    right: tuple[int, int] = (0, 0)
    empty: tuple[int, int] = (0, 0)
    wrong: tuple[int, int] = (0, 0)
    gradings: int = 0
    rejected: int = 0
    repeats: int = 0
    flakes: int = 0
    named: Named = Named(0, 0, 0, 0)
    namings: tuple[Naming, ...] = ()
    faults: tuple[str, ...] = ()


def _grade_corpus(
    course: Course,
    assignment: Assignment,
    cases: Sequence[Case],
    folder: Path,
    plan: VerificationSettings,
    sandbox: str,
    say: Say,
) -> _Corpus:
    name = assignment.name
    files = {f"{case.kind} {case.name}": case.write(folder / case.kind / case.name) for case in cases}
    files["solution"] = course.solution(name)
    releases = {f"release {language}": course.release(language, name) for language in course.rubric.languages}
    with supervisor_of(course, name, sandbox) as supervisor:
        say(f"{name}: {len(cases)} wheats and chaffs, the solution, {len(releases)} releases")
        reports = judge_all(supervisor, name, files | releases, plan.jobs)
        repeated = [judge_all(supervisor, name, _few(files), plan.jobs) for _ in range(plan.repeats)]
        rejected, gradings = _over_seeds(supervisor, assignment, plan, files, cases, say)
    faults = _faults(cases, reports, releases, whole(assignment))
    bad = {fault.partition(":")[0] for fault in faults}
    namings = tuple(naming(case, reports[f"chaff {case.name}"]) for case in cases if case.kind == "chaff")
    faults += misnamed(namings)
    flakes = sum(verdict_bytes(r[who]) != verdict_bytes(reports[who]) for r in repeated for who in r)
    if flakes:
        faults.append(f"{flakes} verdicts had other bytes when the same submission was graded again")
    if rejected:
        faults.append(f"{rejected} of {gradings} gradings of right submissions under other seeds lost points")
    kinds = [case.kind for case in cases]
    wheats, chaffs = kinds.count("wheat") + 1, kinds.count("chaff")
    return _Corpus(
        right=(wheats - sum(b.startswith("wheat ") or b == "solution" for b in bad), wheats),
        empty=(len(releases) - sum(b.startswith("release ") for b in bad), len(releases)),
        wrong=(chaffs - sum(b.startswith("chaff ") for b in bad), chaffs),
        gradings=gradings,
        rejected=rejected,
        repeats=sum(len(r) for r in repeated),
        flakes=flakes,
        named=count(namings),
        namings=namings,
        faults=tuple(faults),
    )


def _few(files: dict[str, Path]) -> dict[str, Path]:
    """Return the submissions to grade again: the solution, the first wheat, the first chaff."""
    kinds = ("solution", "wheat ", "chaff ")
    return {who: files[who] for kind in kinds if (who := next((w for w in files if w.startswith(kind)), ""))}


def _faults(
    cases: Sequence[Case], reports: dict[str, Report], releases: Iterable[str], points: dict[str, float]
) -> list[str]:
    """Describe the submissions that did not get what they should."""
    due: dict[str, dict[str, float]] = {f"{case.kind} {case.name}": case.loses for case in cases}
    due |= {"solution": {}} | dict.fromkeys(releases, points)
    faults = []
    for who, loses in due.items():
        lost = lost_points(reports[who], points)
        if lost != loses:
            faults.append(f"{who}: loses {listed(lost)}, expected {listed(loses)}")
        if reports[who].ungraded:
            faults.append(f"{who}: ungraded: {', '.join(reports[who].ungraded)}")
    return faults


def _over_seeds(
    supervisor: Supervisor,
    assignment: Assignment,
    plan: VerificationSettings,
    files: dict[str, Path],
    cases: Sequence[Case],
    say: Say,
) -> tuple[int, int]:
    """Grade the right submissions under other course seeds; return how many were wrongly marked, of how many."""
    due = {f"wheat {case.name}": case.loses for case in cases if case.kind == "wheat"} | {"solution": {}}
    points = whole(assignment)
    right = {who: files[who] for who in due}
    rejected = 0
    for seed in range(plan.seeds):
        if seed % 10 == 0:
            say(f"{assignment.name}: {len(due)} right submissions under seed {seed + 1} of {plan.seeds}")
        reports = judge_all(supervisor, assignment.name, right, plan.jobs, seed=f"verify {seed}")
        rejected += sum(lost_points(reports[who], points) != due[who] for who in due)
    return rejected, plan.seeds * len(due)
