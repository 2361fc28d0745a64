"""Verify the autograders: grade what should pass, what should not, and mutants, and say what the tests did not see.

Everything goes the way of a real submission: a jailed session, a judge, a report.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gradjudge.bench import Bench
from gradjudge.course import Course
from gradjudge.errors import CourseError
from gradjudge.jobs import Job
from gradjudge.notebooks.source import read_source
from gradjudge.report import Report, verdict_bytes
from gradjudge.rubric import Assignment, Bar
from gradjudge.verify.corpus import Case, read_corpus
from gradjudge.verify.equivalence import Equivalence
from gradjudge.verify.mutants import Mutant, base_file, mutants_of, program_of
from gradjudge.verify.naming import Named, Naming, count, faults, naming

#: Limits for mutants: many never end, and a check that takes this long has seen what it needs to.
MUTANT_CHECK_SECONDS = 5.0
MUTANT_SECONDS = 60.0


class Survivor(msgspec.Struct, frozen=True):
    """A mutant that lost no point.

    Attributes:
        should: the checks that are about the changed cell, one of which should have seen it.
    """

    name: str
    kind: str
    diff: str
    should: tuple[str, ...]


class Score(msgspec.Struct, frozen=True):
    """How many mutants of a kind were made, killed, and called equivalent."""

    made: int
    killed: int
    equivalent: int

    @property
    def share(self) -> float:
        """The killed, of those that are not equivalent; 1 of none."""
        due = self.made - self.equivalent
        return self.killed / due if due else 1.0


class Seen(msgspec.Struct, frozen=True):
    """What one item's checks saw: mutants of its cells, and how many of them cost it points."""

    item: str
    mutants: int
    caught: int
    chaffs: int


class Verification(msgspec.Struct, frozen=True):
    """What verifying one assignment's autograder showed.

    Attributes:
        right: right submissions (the solution, the wheats) that got what they should, and how many there are.
        empty: releases that earned nothing, and how many there are.
        wrong: chaffs that lost exactly what they should, and how many there are.
        gradings, rejected: gradings of right submissions over all seeds, and those that lost points.
        repeats, flakes: gradings of the same submissions again, and those whose verdict had other bytes.
        ordinary, evasive: the mutants.
        items: what each item's checks saw.
        survivors, equivalent: mutants that lost nothing; those of the second list are no mistakes.
        named, namings: of how many chaffs the feedback names the mistake, and what it says of each.
        faults: what is not as it should be, one line each.
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
    named: Named
    namings: tuple[Naming, ...]
    faults: tuple[str, ...]
    seconds: float

    @property
    def bound(self) -> float:
        """Upper bound (95 %) on the share of right submissions that lose points: 3/n when none of n did."""
        if not self.rejected:
            return 3 / self.gradings
        return min(1.0, (self.rejected + 2 * math.sqrt(self.rejected) + 3) / self.gradings)

    def meets(self, bar: Bar) -> bool:
        """Tell whether nothing is at fault, and both mutation scores and what is named reach the bar."""
        mutants = self.ordinary.share >= bar.ordinary and self.evasive.share >= bar.evasive
        return not self.faults and mutants and self.named.share >= bar.named


class Plan(msgspec.Struct, frozen=True):
    """How much to verify.

    Attributes:
        seeds: course seeds under which right submissions are graded.
        repeats: times that the same submissions are graded again, for their bytes.
        mutants: whether to make mutants.
        every: of the mutants, take each n-th only (1: all).
        jobs: submissions at a time.
    """

    seeds: int = 1
    repeats: int = 2
    mutants: bool = False
    every: int = 1
    jobs: int = 2


Say = Callable[[str], None]


def verify(course: Course, name: str, plan: Plan, *, sandbox: str, say: Say) -> Verification:
    """Verify one assignment's autograder.

    Raises:
        CourseError: the hidden tests cannot be collected, or the corpus or the solution cannot be read.
    """
    started = time.monotonic()
    assignment = course.rubric.assignment(name)
    cases = read_corpus(course.autograder(name), assignment)
    with TemporaryDirectory(prefix="gradjudge-verify-") as scratch:
        folder = Path(scratch)
        files = {f"{case.kind} {case.name}": case.write(folder / case.kind / case.name) for case in cases}
        files["solution"] = course.solution(name)
        releases = {f"release {language}": course.release(language, name) for language in course.rubric.languages}
        with _bench(course, name, sandbox) as bench:
            say(f"{name}: {len(cases)} wheats and chaffs, the solution, {len(releases)} releases")
            reports = _judge(bench, name, files | releases, plan.jobs)
            repeated = [_judge(bench, name, _few(files), plan.jobs) for _ in range(plan.repeats)]
            rejected, gradings = _over_seeds(bench, assignment, plan, files, cases, say)
        whole = _whole(assignment)
        problems = _faults(cases, reports, releases, whole)
        ordinary, evasive, survivors, equivalent, items = _mutants(
            course, assignment, plan, folder, cases, sandbox, say
        )
    namings = tuple(naming(case, reports[f"chaff {case.name}"]) for case in cases if case.kind == "chaff")
    bad = {problem.partition(":")[0] for problem in problems}
    problems += faults(namings)
    flakes = sum(verdict_bytes(r[who]) != verdict_bytes(reports[who]) for r in repeated for who in r)
    if flakes:
        problems.append(f"{flakes} verdicts had other bytes when the same submission was graded again")
    if rejected:
        problems.append(f"{rejected} of {gradings} gradings of right submissions under other seeds lost points")
    kinds = [case.kind for case in cases]
    wheats, chaffs = kinds.count("wheat") + 1, kinds.count("chaff")
    return Verification(
        assignment=name,
        right=(wheats - sum(b.startswith("wheat ") or b == "solution" for b in bad), wheats),
        empty=(len(releases) - sum(b.startswith("release ") for b in bad), len(releases)),
        wrong=(chaffs - sum(b.startswith("chaff ") for b in bad), chaffs),
        gradings=gradings,
        rejected=rejected,
        repeats=sum(len(r) for r in repeated),
        flakes=flakes,
        ordinary=ordinary,
        evasive=evasive,
        items=items,
        survivors=survivors,
        equivalent=equivalent,
        named=count(namings),
        namings=namings,
        faults=tuple(problems),
        seconds=time.monotonic() - started,
    )


def _bench(course: Course, name: str, sandbox: str, *, quick: bool = False) -> Bench:
    limits = course.rubric.assignment(name).limits
    short = msgspec.structs.replace(
        limits,
        check_seconds=min(limits.check_seconds, MUTANT_CHECK_SECONDS),
        submission_seconds=min(limits.submission_seconds, MUTANT_SECONDS),
        cell_seconds=min(limits.cell_seconds, MUTANT_CHECK_SECONDS),
    )
    return Bench(course, (name,), sandbox=sandbox, limits={name: short} if quick else None)


def _judge(bench: Bench, name: str, files: dict[str, Path], jobs: int, seed: str = "") -> dict[str, Report]:
    if bench.problems:
        raise CourseError("\n".join(bench.problems))
    with ThreadPoolExecutor(jobs) as pool:
        reports = pool.map(lambda entry: bench.judge(Job("verify", name, str(entry[1]), "", seed=seed)), files.items())
        return dict(zip(files, reports, strict=True))


def _few(files: dict[str, Path]) -> dict[str, Path]:
    """Choose submissions to grade again: the solution, the first wheat, the first chaff."""
    kinds = ("solution", "wheat ", "chaff ")
    return {who: files[who] for kind in kinds if (who := next((w for w in files if w.startswith(kind)), ""))}


def _whole(assignment: Assignment) -> dict[str, float]:
    return {item.name: item.points for item in assignment.items if item.kind == "auto"}


def lost_points(report: Report, whole: dict[str, float]) -> dict[str, float]:
    """Return the points that a submission lost, by automatic item; what is ungraded counts as lost here."""
    points = {name: report.verdict.items[name].points for name in whole}
    return {name: round(whole[name] - points[name], 4) for name in whole if points[name] < whole[name]}


def _faults(
    cases: Sequence[Case], reports: dict[str, Report], releases: Iterable[str], whole: dict[str, float]
) -> list[str]:
    """Say which submissions did not get what they should."""
    due: dict[str, dict[str, float]] = {f"{case.kind} {case.name}": case.loses for case in cases}
    due |= {"solution": {}} | dict.fromkeys(releases, whole)
    faults = []
    for who, loses in due.items():
        lost = lost_points(reports[who], whole)
        if lost != loses:
            faults.append(f"{who}: loses {_listed(lost)}, expected {_listed(loses)}")
        if reports[who].ungraded:
            faults.append(f"{who}: ungraded: {', '.join(reports[who].ungraded)}")
    return faults


def _listed(lost: dict[str, float]) -> str:
    return ", ".join(f"{name} ({points:g})" for name, points in lost.items()) or "nothing"


def _over_seeds(
    bench: Bench, assignment: Assignment, plan: Plan, files: dict[str, Path], cases: Sequence[Case], say: Say
) -> tuple[int, int]:
    """Grade the right submissions under other course seeds; return how many lost points, of how many."""
    due = {f"wheat {case.name}": case.loses for case in cases if case.kind == "wheat"} | {"solution": {}}
    whole = _whole(assignment)
    right = {who: files[who] for who in due}
    rejected = 0
    for seed in range(plan.seeds):
        if seed % 10 == 0:
            say(f"{assignment.name}: {len(due)} right submissions under seed {seed + 1} of {plan.seeds}")
        reports = _judge(bench, assignment.name, right, plan.jobs, seed=f"verify {seed}")
        rejected += sum(lost_points(reports[who], whole) != due[who] for who in due)
    return rejected, plan.seeds * len(due)


def _mutants(
    course: Course, assignment: Assignment, plan: Plan, folder: Path, cases: Sequence[Case], sandbox: str, say: Say
) -> tuple[Score, Score, tuple[Survivor, ...], tuple[Survivor, ...], tuple[Seen, ...]]:
    chaffs = {item.name: sum(item.name in case.loses for case in cases) for item in assignment.items}
    if not plan.mutants:
        items = tuple(Seen(item.name, 0, 0, chaffs[item.name]) for item in assignment.items if item.kind == "auto")
        return Score(0, 0, 0), Score(0, 0, 0), (), (), items
    name, whole = assignment.name, _whole(assignment)
    source = read_source(course.source(name))
    graded = {cell for item in assignment.items if item.kind == "auto" for cell in item.cells}
    mutants = mutants_of(source, graded)[:: plan.every]
    files = {}
    for number, mutant in enumerate(mutants):
        path = folder / "mutants" / str(number) / f"{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(mutant.source, encoding="utf-8")
        files[mutant.name] = path
    with _bench(course, name, sandbox, quick=True) as bench:
        base = base_file(folder, program_of(source), name)
        if lost := lost_points(_judge(bench, name, {"base": base}, 1)["base"], whole):
            raise CourseError(
                f"{course.source(name)}: its definitions alone lose {_listed(lost)}: they have no mutants."
            )
        say(f"{name}: {len(mutants)} mutants")
        lost_by = {who: lost_points(report, whole) for who, report in _judge(bench, name, files, plan.jobs).items()}
    alive = [mutant for mutant in mutants if not lost_by[mutant.name]]
    say(f"{name}: {len(alive)} survivors: looking for those that change nothing")
    with _bench(course, name, sandbox) as bench:
        probe = Equivalence(
            source,
            assignment,
            course.rubric.default_language,
            folder,
            lambda path: bench.judge(Job("verify", name, str(path), "")),
        )
        same = {mutant.name for mutant in alive if probe.holds(mutant)}
    cells = {item.name: set(item.cells) for item in assignment.items if item.kind == "auto"}
    items = tuple(
        Seen(
            item,
            sum(mutant.cell in cells[item] for mutant in mutants),
            sum(mutant.cell in cells[item] and item in lost_by[mutant.name] for mutant in mutants),
            chaffs[item],
        )
        for item in cells
    )
    survivors = tuple(_survivor(m, assignment) for m in alive if m.name not in same)
    equivalent = tuple(_survivor(m, assignment) for m in alive if m.name in same)
    scores = [_score(kind, mutants, alive, same) for kind in ("ordinary", "evasive")]
    return scores[0], scores[1], survivors, equivalent, items


def _score(kind: str, mutants: Sequence[Mutant], alive: Sequence[Mutant], same: set[str]) -> Score:
    made = [mutant for mutant in mutants if mutant.kind == kind]
    living = [mutant for mutant in alive if mutant.kind == kind]
    return Score(len(made), len(made) - len(living), sum(mutant.name in same for mutant in living))


def _survivor(mutant: Mutant, assignment: Assignment) -> Survivor:
    should = [f"{item.name}/{check}" for item in assignment.items if mutant.cell in item.cells for check in item.checks]
    return Survivor(mutant.name, mutant.kind, mutant.diff, tuple(should))
