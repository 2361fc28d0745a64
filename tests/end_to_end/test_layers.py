"""What each layer of the jail is worth: with it off, cases that name it get what they must not get.

A case names its layers in ``off`` of its ``case.toml``; with all layers on, `test_hostile` grades it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hostile_cohort import ASSIGNMENT, Case, Places, departures, read_cases
from leftovers import adopting_orphans, children, orphans, planted

from gradjudge.bench import Bench
from gradjudge.course import Course
from gradjudge.errors import InternalError
from gradjudge.jobs import Job
from gradjudge.report import Report

LAYERS = ("landlock", "seccomp", "rlimits", "deadline")
CASES = [(layer, case) for case in read_cases() for layer in case.off]
#: Seconds after which a submission without a deadline is known not to end.
LONG = 8.0
HOURS = 3600.0


@pytest.fixture(scope="module", autouse=True)
def _orphans_come_here() -> Iterator[None]:
    with adopting_orphans():
        yield


def weakened(places: Places, layer: str) -> Bench:
    """Make a bench that leaves a layer off; without its deadlines it waits for hours."""
    course = Course(places.course)
    if layer != "deadline":
        return Bench(course, (ASSIGNMENT,), without=(layer,))
    limits = course.rubric.assignment(ASSIGNMENT).limits
    endless = msgspec.structs.replace(limits, cell_seconds=HOURS, check_seconds=HOURS, submission_seconds=HOURS)
    return Bench(course, (ASSIGNMENT,), limits={ASSIGNMENT: endless})


@pytest.mark.parametrize(("layer", "case"), [pytest.param(layer, c, id=f"{layer}-{c.student}") for layer, c in CASES])
def test_without_the_layer_the_case_goes_wrong(layer: str, case: Case, tmp_path: Path) -> None:
    """It gets another verdict, reads a secret, leaves something behind, or never ends."""
    places = Places.make(tmp_path)
    job = Job(case.student, ASSIGNMENT, str(next(places.hand_in(case).glob("lab.*"))), "")
    before = children()
    got: list[Report] = []
    with weakened(places, layer) as bench:
        assert bench.problems == []

        def judge() -> None:
            with contextlib.suppress(InternalError):  # the bench is closed below our feet
                got.append(bench.judge(job))

        thread = threading.Thread(target=judge)
        thread.start()
        thread.join(LONG if layer == "deadline" else HOURS)
        endless = thread.is_alive()
        bench.close()
        thread.join()
    left = [*orphans(before, seconds=1.0), *planted(tmp_path, except_for=places.submitted)]
    for path in (Path(name) for name in left if name.startswith(("/tmp/planted", "/dev/shm/planted"))):
        path.unlink()
    assert endless or left or departures(case, got[0])


def test_each_layer_has_cases() -> None:
    """No layer is taken on trust."""
    assert {layer for layer, _ in CASES} == set(LAYERS)
