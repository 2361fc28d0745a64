"""Every limit, run into for real: its state in the report, a sentence that names it in two languages, the rest graded."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from small_course import RIGHT

from gradjudge.report import Report

Judge = Callable[..., Report]

ALL = {"double": 3.0, "square": 4.0, "follow": 2.0}

TIME = ("was stopped after 0.5 s; the rest was graded", "a été arrêtée après 0,5 s")
MEMORY = ("needed more than 512 MB of memory", "a eu besoin de plus de 512 Mo de mémoire")
THREADS = ("started more than 64 threads", "a lancé plus de 64 fils d'exécution")
DESCRIPTORS = ("had more than 256 files open at once", "a gardé plus de 256 fichiers ouverts à la fois")
DISK = ("wrote more than 64 MB, or too many files", "a écrit plus de 64 Mo, ou trop de fichiers")
FILE = ("wrote a file of more than 32 MB", "a écrit un fichier de plus de 32 Mo")
PROCESSES = ("tried to start another process, which cannot be done here", "a tenté de lancer un autre processus")
OUTPUT = ("printed more than 64 kB", "a affiché plus de 64 ko")
VALUE = ("gave a value too large to be looked at (a tensor may have 256 MB)", "une valeur trop grande pour être examinée")

CELLS: dict[str, tuple[str, set[str], tuple[str, str]]] = {
    "a loop": ("while True: pass", {"timed-out"}, TIME),
    "a sleep": ("import time\ntime.sleep(60)", {"timed-out"}, TIME),
    "a loop that catches everything": (
        "while True:\n    try:\n        while True: sum(range(9999))\n    except BaseException: pass",
        {"timed-out"},
        TIME,
    ),
    "tensors": ("import torch\nkept = [torch.zeros(1 << 28)]", {"failed"}, MEMORY),
    "a list": ("kept = [0] * 10**9", {"failed"}, MEMORY),
    "bytes in many threads": (
        "import threading\n"
        "kept, failed = [], []\n"
        "def eat():\n"
        "    try:\n"
        "        for _ in range(100): kept.append(bytes(1 << 24))\n"
        "    except MemoryError as error: failed.append(error)\n"
        "threads = [threading.Thread(target=eat) for _ in range(8)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "kept.clear()\n"
        "raise failed[0]",
        {"failed", "crashed"},
        MEMORY,
    ),
    "threads": (
        "import threading, time\n"
        "threading.stack_size(1 << 16)\n"
        "for _ in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "time.sleep(0.3)",
        {"failed", "crashed"},
        THREADS,
    ),
    "a fork": ("import os\nos.fork()", {"failed"}, PROCESSES),
    "a subprocess": ("import subprocess\nsubprocess.run(['true'])", {"failed"}, PROCESSES),
    "processes": (
        "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
        {"failed"},
        PROCESSES,
    ),
    "many files": (
        "import time\nfor n in range(9000): open(f'f{n}', 'w').close()\ntime.sleep(0.4)",
        {"failed", "crashed"},
        DISK,
    ),
    "a huge file": ("open('large', 'wb').write(bytes(40 << 20))", {"failed"}, FILE),
    "large files": (
        "for n in range(9): open(f'l{n}', 'wb').write(bytes(30 << 20))",
        {"failed", "crashed"},
        DISK,
    ),
    "descriptors": ("kept = [open('/dev/null') for _ in range(1000)]", {"failed"}, DESCRIPTORS),
    "a flood of prints": ("print('x' * 10**6)", {"cut"}, OUTPUT),
    "a flood of errors": ("import sys\nprint('x' * 10**6, file=sys.stderr)", {"cut"}, OUTPUT),
    "a flood past Python": ("import os\nfor _ in range(20): os.write(1, b'x' * 10**4)", {"cut"}, OUTPUT),
}


def notebook(*cells: str) -> str:
    """Make a notebook of code cells."""
    empty: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = [{**empty, "id": f"c{place}", "source": cell} for place, cell in enumerate(cells)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


def points(report: Report) -> dict[str, float]:
    """Return the points of the automatic items."""
    return {name: item.points for name, item in report.verdict.items.items() if item.kind == "auto"}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_at_a_limit_is_told_and_the_rest_is_graded(judge: Judge, name: str) -> None:
    """The cell has its state and a sentence that names the limit and its size; every point is still earned."""
    bomb, states, (en, fr) = CELLS[name]
    report = judge(notebook(RIGHT, bomb, "after = 1"), "lab.ipynb")
    assert points(report) == ALL
    assert report.run.faults == ()
    (cell,) = report.verdict.cells
    assert cell.index == 1
    assert cell.state in states, cell
    assert cell.message["en"].startswith("code cell 2 ")
    assert en in cell.message["en"]
    assert fr in cell.message["fr"].replace("\u00a0", " ")


CHECKS: dict[str, tuple[str, set[str], tuple[str, str]]] = {
    "time": ("while True: pass", {"timed-out"}, ("did not answer within 1.5 s", "n'a pas répondu en 1,5 s")),
    "sleep": ("import time; time.sleep(60)", {"timed-out"}, ("did not answer within 1.5 s", "n'a pas répondu en 1,5 s")),
    "memory": ("kept = bytearray(1 << 30)", {"crashed"}, MEMORY),
    "tensors": ("torch.zeros(1 << 28)", {"failed"}, MEMORY),
    "files": ("open('large', 'wb').write(bytes(40 << 20))", {"failed"}, FILE),
    "descriptors": ("kept = [open('/dev/null') for _ in range(1000)]", {"failed"}, DESCRIPTORS),
    "a fork": ("import os; os.fork()", {"failed"}, PROCESSES),
    "threads": (
        "import threading, time; threading.stack_size(1 << 16)\n"
        "    for _ in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "    time.sleep(0.5)",
        {"failed", "crashed"},
        THREADS,
    ),
    "a huge tensor": ("return torch.zeros(1).expand(1 << 40)", {"failed"}, VALUE),
    "a huge text": ("return 'x' * (2 << 20)", {"failed"}, VALUE),
    "a huge list": ("return [0] * 200_000", {"failed"}, VALUE),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_at_a_limit_is_told_and_the_rest_is_graded(judge: Judge, name: str) -> None:
    """The check has its state and a sentence that names the limit; what does not call that function keeps its points."""
    bomb, states, (en, fr) = CHECKS[name]
    report = judge(RIGHT.replace("    return 2 * x\n", f"    {bomb}\n    return 2 * x\n", 1))
    assert points(report) == ALL | {"double": 0.0}
    assert report.run.faults == ()
    for check in report.verdict.items["double"].checks:
        assert check.state in states, check
        assert en in check.message["en"]
        assert fr in check.message["fr"].replace("\u00a0", " ")


HARMLESS = {
    "a thousand objects kept": "class Thing: pass\nkept = [Thing() for _ in range(1000)]\n",
    "a thousand writers": (
        "from torch.utils.tensorboard import SummaryWriter\n"
        "for n in range(1000):\n    SummaryWriter(f'runs/{n % 7}').add_scalar('loss', 1.0, n)\n"
    ),
    "output in a check": "import os\ndef double(x):\n    os.write(1, b'x' * 10**6)\n    print('y' * 10**6)\n    return 2 * x\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_much_and_within_the_limits_costs_nothing(judge: Judge, name: str) -> None:
    """Many objects, many writers, much output while a check runs: the points are all there."""
    report = judge(RIGHT + HARMLESS[name])
    assert points(report) == ALL
