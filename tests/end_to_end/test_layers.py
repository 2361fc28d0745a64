"""What each layer of the jail is worth: with it off, cases that name it get what they must not get.

A case names its layers in ``off`` of its ``case.toml``; with all layers on, `test_hostile` grades it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hostile_cohort import ASSIGNMENT, Case, Places, departures, read_cases
from leftovers import adopt_orphans, children, orphans, planted

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.errors import InternalError
from gradjudge.judge.jobs import Job

CASES = read_cases()
LAYERS = ("landlock", "seccomp", "rlimits", "deadline")
#: Seconds after which a submission without a deadline is known not to end.
LONG = 8.0
HOURS = 3600.0


@pytest.fixture(scope="module", autouse=True)
def _orphans_come_here() -> None:
    adopt_orphans()


def weakened(places: Places, layer: str) -> Supervisor:
    """Make a supervisor that leaves a layer off; without its deadlines it waits for hours."""
    course = Course(places.course)
    if layer != "deadline":
        return Supervisor(course, (ASSIGNMENT,), without=(layer,))
    limits = course.rubric.assignment(ASSIGNMENT).limits
    endless = msgspec.structs.replace(limits, cell_seconds=HOURS, check_seconds=HOURS, submission_seconds=HOURS)
    return Supervisor(course, (ASSIGNMENT,), limits={ASSIGNMENT: endless})


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer(layer: str, tmp_path: Path) -> None:
    """Without it, each of its cases gets another verdict, reads a secret, leaves something behind, or never ends."""
    places = Places.make(tmp_path)
    cases = [case for case in CASES if layer in case.off]
    assert cases, "no layer is taken on trust"
    jobs = {
        case.student: Job(case.student, ASSIGNMENT, str(next(places.hand_in(case).glob("lab.*"))), "") for case in cases
    }
    alone = children()
    with weakened(places, layer) as supervisor:
        assert supervisor.problems == []
        if layer == "deadline":
            in_vain = endless(supervisor, jobs)
        else:
            in_vain = [
                case.student for case in cases if not_seen(supervisor, case, jobs[case.student], places, tmp_path)
            ]
    orphans(alone)
    assert in_vain == []


def not_seen(supervisor: Supervisor, case: Case, job: Job, places: Places, root: Path) -> bool:
    """Judge a case; tell whether it behaves as if the layer were on."""
    before = children()
    report = supervisor.judge(job)
    left = orphans(before, seconds=1.0)
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    files = planted(root, except_for=places.submitted)
    for path in (Path(name) for name in files if name.startswith("/")):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return not left and not files and not departures(case, report)


def endless(supervisor: Supervisor, jobs: dict[str, Job]) -> list[str]:
    """Judge cases in parallel for a while; return those that have ended by then."""
    ended: list[str] = []

    def judge(student: str, job: Job) -> None:
        with contextlib.suppress(InternalError):  # the supervisor is closed meanwhile
            if supervisor.judge(job) and not supervisor_closed.is_set():
                ended.append(student)

    supervisor_closed = threading.Event()
    threads = [threading.Thread(target=judge, args=entry) for entry in jobs.items()]
    for thread in threads:
        thread.start()
    time.sleep(LONG)
    supervisor_closed.set()
    supervisor.close()
    for thread in threads:
        thread.join()
    return ended
