"""Grade every wheat and chaff on a busy machine, and report whether any points change.

A grade must not depend on how busy the machine is. Each busy process is in a session of its own, since Linux shares
processors out by session first; so is each submission. Exit code 1 if a right submission lost a point, a wrong one lost
other points than its header says, or something is ungraded. See README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gradjudge.authoring.verify.corpus import Case, read_corpus
from gradjudge.authoring.verify.judging import judge_all, listed, lost_points, whole
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.reports.record import Report

COURSE = Course(Path(__file__).resolve().parents[1])


def main() -> int:
    """Grade, compare and print."""
    labs = tuple(COURSE.rubric.assignments)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="LAB", help="labs to grade [all]")
    parser.add_argument("--busy", type=int, default=8, help="processes that compute all the time [8]")
    parser.add_argument("--times", type=int, default=3, help="how often in a row [3]")
    parser.add_argument("--jobs", type=int, default=6, help="submissions at a time [6]")
    options = parser.parse_args()
    if unknown := set(options.labs) - set(labs):
        parser.error(f"no lab is named {', '.join(sorted(unknown))}. There are: {', '.join(labs)}.")
    chosen = tuple(options.labs) or labs
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="gradjudge-load-") as folder, busy(options.busy):
        print(f"{options.busy} busy processes, {options.jobs} submissions at a time")
        titles = ("submissions", "as due", "worked s", "waited s", "not charged", "took s")
        print("{:18}{:>12}{:>8}{:>10}{:>10}{:>13}{:>9}".format("lab", *titles))
        with Supervisor(COURSE, chosen) as supervisor:
            for time_round in range(1, options.times + 1):
                for lab in chosen:
                    wrong += _grade(supervisor, lab, Path(folder) / str(time_round), options.jobs)
    print("every point where it belongs" if not wrong else f"{wrong} submissions with other points than they must have")
    return int(wrong > 0)


def _grade(supervisor: Supervisor, lab: str, folder: Path, jobs: int) -> int:
    """Grade one lab's wheats and chaffs, print a line, and return how many got wrong points."""
    assignment = COURSE.rubric.assignment(lab)
    cases = {f"{case.kind} {case.name}": case for case in read_corpus(COURSE, assignment)}
    began = time.monotonic()
    reports = judge_all(supervisor, lab, {who: case.write(folder / lab / who) for who, case in cases.items()}, jobs)
    moved = [text for who, case in cases.items() if (text := _moved(who, case, reports[who], whole(assignment)))]
    worked = sum(report.run.used for report in reports.values())
    waited = sum(report.run.waited for report in reports.values())
    share = waited / max(worked + waited, 1e-9)
    right = len(cases) - len(moved)
    took = time.monotonic() - began
    print(f"{lab:18}{len(cases):12}{right:8}{worked:10.1f}{waited:10.1f}{share:13.0%}{took:9.0f}", flush=True)
    for text in moved:
        print(f"    {text}")
    return len(moved)


def _moved(who: str, case: Case, report: Report, points: dict[str, float]) -> str:
    if report.ungraded:
        return f"{who}: ungraded: {', '.join(report.ungraded)}; {' '.join(report.run.faults)}"
    lost = lost_points(report, points)
    return "" if lost == case.loses else f"{who}: loses {listed(lost)}, must lose {listed(case.loses)}"


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep the processors busy with `count` processes, each in its own session."""
    processes = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
