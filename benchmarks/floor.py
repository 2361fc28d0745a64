"""The floor: what no grader of this kind can beat on these submissions, judged by code that the student could cheat.

One process has torch imported; each submission is a fork of it that runs the cells and the same checks as the hidden
tests, in the student's own process: no jail, no wire, no IPython, no pytest, no report. What a grader takes above this
is its own.

Run by ``against_nbgrader.py`` as ``floor.py SUBMITTED JOBS``; prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import sklearn.datasets  # noqa: F401  # what a submission imports is warm, as it is for a grader
import sympy  # noqa: F401  # gradcheck imports it
import torch
from submissions import ASSIGNMENT, POINTS, read_cells


def main(submitted: Path, jobs: int) -> None:
    """Judge all submissions under `submitted`, `jobs` at a time; print scores, wall seconds and CPU seconds."""
    torch.set_num_threads(1)
    tests = read_cells("nbgrader_tests.py")
    files = {folder.name: folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb" for folder in sorted(submitted.iterdir())}
    gc.collect()
    gc.freeze()
    start, cpu = time.perf_counter(), _cpu()
    codes = _fork_all(files, tests, jobs)
    wall, cpu = time.perf_counter() - start, _cpu() - cpu
    scores = {student: _points(code) for student, code in codes.items()}
    json.dump({"wall": wall, "cpu": cpu, "scores": scores}, sys.stdout)


def _fork_all(files: dict[str, Path], tests: dict[str, str], jobs: int) -> dict[str, int]:
    running: dict[int, str] = {}
    codes: dict[str, int] = {}
    for student, file in files.items():
        if len(running) == jobs:
            _wait_one(running, codes)
        pid = os.fork()
        if pid == 0:
            _judge(file, tests)
        running[pid] = student
    while running:
        _wait_one(running, codes)
    return codes


def _wait_one(running: dict[int, str], codes: dict[str, int]) -> None:
    pid, status = os.wait()
    codes[running.pop(pid)] = os.waitstatus_to_exitcode(status)


def _judge(file: Path, tests: dict[str, str]) -> NoReturn:
    """Run the student's cells, then each test; the exit code has one bit for each item that passed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    namespace: dict[str, Any] = {}
    for cell in json.loads(file.read_bytes())["cells"]:
        exec(compile(cell["source"], "cell", "exec"), namespace)  # noqa: S102  # our own generated submissions
    code = 0
    for bit, name in enumerate(POINTS):
        try:
            exec(compile(tests[name], name, "exec"), namespace)  # noqa: S102  # ditto
        except (AssertionError, RuntimeError):  # GradcheckError is a RuntimeError
            continue
        code |= 1 << bit
    os._exit(code)


def _points(code: int) -> dict[str, float]:
    if code < 0:
        raise RuntimeError(f"a fork of the floor was ended by signal {-code}")
    return {name: points if code & 1 << bit else 0.0 for bit, (name, points) in enumerate(POINTS.items())}


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
