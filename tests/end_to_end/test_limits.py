"""Every limit, for real: the state in the report, a sentence in two languages, and the rest graded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_course import RIGHT, notebook

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.course.rubric import GradingLimits
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

Judge = Callable[..., Report]

ALL = {"double": 3.0, "square": 4.0, "follow": 2.0}

TIME = ("was stopped after 0.5 s; the rest was graded", "a été arrêtée après 0,5 s")
MEMORY = ("needed more than 512 MB of memory", "a eu besoin de plus de 512 Mo de mémoire")
THREADS = ("started more than 64 threads", "a lancé plus de 64 fils d'exécution")
DESCRIPTORS = ("had more than 256 files open at once", "a gardé plus de 256 fichiers ouverts à la fois")
DISK = ("wrote more than 8 MB, or too many files", "a écrit plus de 8 Mo, ou trop de fichiers")
FILE = ("wrote a file of more than 4 MB", "a écrit un fichier de plus de 4 Mo")
PROCESSES = ("tried to start another process, which cannot be done here", "a tenté de lancer un autre processus")
OUTPUT = ("printed more than 64 kB", "a affiché plus de 64 ko")
VALUE = (
    "gave a value too large to be looked at (a tensor may have 256 MB)",
    "une valeur trop grande pour être examinée",
)

PATIENT = GradingLimits(
    cell_seconds=60, check_seconds=60, submission_seconds=600, memory_mb=512, scratch_mb=8, file_mb=4, output_kb=64
)
"""Time enough on a busy machine for tests of other limits, and little space for files."""

LATE: dict[str, str] = {
    "a loop": "while True: pass",
    "a sleep": "import time\ntime.sleep(60)",
    "a loop that catches everything": (
        "while True:\n    try:\n        while True: sum(range(9999))\n    except BaseException: pass"
    ),
}

CELLS: dict[str, tuple[str, set[str], tuple[str, str]]] = {
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
        "time.sleep(40)",
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
        "import time\nfor n in range(9000): open(f'f{n}', 'w').close()\ntime.sleep(40)",
        {"failed", "crashed"},
        DISK,
    ),
    "a huge file": ("open('large', 'wb').write(bytes(5 << 20))", {"failed"}, FILE),
    "large files": (
        "import time\nfor n in range(9): open(f'l{n}', 'wb').write(bytes(3 << 20))\ntime.sleep(40)",
        {"failed", "crashed"},
        DISK,
    ),
    "descriptors": ("kept = [open('/dev/null') for _ in range(1000)]", {"failed"}, DESCRIPTORS),
    "a flood of prints": ("print('x' * 10**6)", {"cut"}, OUTPUT),
    "a flood of errors": ("import sys\nprint('x' * 10**6, file=sys.stderr)", {"cut"}, OUTPUT),
    "a flood past Python": ("import os\nfor _ in range(20): os.write(1, b'x' * 10**4)", {"cut"}, OUTPUT),
}


def points(report: Report) -> dict[str, float]:
    """Return the points of the automatic items."""
    return {name: item.points for name, item in report.verdict.items.items() if item.kind == "auto"}


@pytest.fixture(scope="module")
def patient_supervisor(course: Course) -> Iterator[Supervisor]:
    """Start a supervisor with generous time limits."""
    with Supervisor(course, ("lab",), limits={"lab": PATIENT}) as started:
        yield started


@pytest.fixture
def patiently(patient_supervisor: Supervisor, tmp_path: Path) -> Judge:
    """Judge the text of a submission on it."""

    def judge(source: str, name: str = "lab.py") -> Report:
        (tmp_path / name).write_text(source)
        return patient_supervisor.judge(Job("ada", "lab", str(tmp_path / name), "key"))

    return judge


@pytest.mark.parametrize("name", LATE)
def test_a_cell_past_its_time_is_reported_and_the_rest_is_graded(judge: Judge, name: str) -> None:
    """With the limit in seconds."""
    report = judge(notebook(RIGHT, LATE[name], "after = 1"), "lab.ipynb")
    assert points(report) == ALL
    (cell,) = report.verdict.cells
    assert (cell.index, cell.state) == (1, "timed-out")
    assert cell.message == {
        "en": "code cell 2 was stopped after 0.5 s; the rest was graded",
        "fr": "la cellule de code 2 a été arrêtée après 0,5 s\u00a0; le reste a été évalué",
    }


@pytest.mark.parametrize("line", ["while True: pass", "import time; time.sleep(60)"])
def test_a_check_past_its_time_is_reported_and_the_rest_is_graded(judge: Judge, line: str) -> None:
    """With the check's limit in seconds."""
    report = judge(RIGHT.replace("    return 2 * x\n", f"    {line}\n", 1))
    assert points(report) == ALL | {"double": 0.0}
    for check in report.verdict.items["double"].checks:
        assert check.state == "timed-out"
        assert "did not answer within 1.5 s" in check.message["en"]
        assert "n'a pas répondu en 1,5 s" in check.message["fr"]


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_at_a_limit_is_reported_and_the_rest_is_graded(patiently: Judge, name: str) -> None:
    """With its state and a sentence that names the limit and its size; every point is still earned."""
    bomb, states, (en, fr) = CELLS[name]
    report = patiently(notebook(RIGHT, bomb, "after = 1"), "lab.ipynb")
    assert points(report) == ALL
    assert report.run.faults == ()
    (cell,) = report.verdict.cells
    assert cell.index == 1
    assert cell.state in states, cell
    assert re.match("code cell 2[ ,]", cell.message["en"])
    assert en in cell.message["en"]
    assert fr in cell.message["fr"].replace("\u00a0", " ")


CHECKS: dict[str, tuple[str, set[str], tuple[str, str]]] = {
    "memory": ("kept = bytearray(1 << 30)", {"crashed"}, MEMORY),
    "tensors": ("torch.zeros(1 << 28)", {"failed"}, MEMORY),
    "files": ("open('large', 'wb').write(bytes(5 << 20))", {"failed"}, FILE),
    "descriptors": ("kept = [open('/dev/null') for _ in range(1000)]", {"failed"}, DESCRIPTORS),
    "a fork": ("import os; os.fork()", {"failed"}, PROCESSES),
    "threads": (
        "import threading, time; threading.stack_size(1 << 16)\n"
        "    for _ in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "    time.sleep(40)",
        {"failed", "crashed"},
        THREADS,
    ),
    "a huge tensor": ("return torch.zeros(1).expand(1 << 40)", {"failed"}, VALUE),
    "a huge text": ("return 'x' * (2 << 20)", {"failed"}, VALUE),
    "thousands of objects": ("return [object() for _ in range(11_000)]", {"failed"}, VALUE),
    "a huge list": ("return [0] * 200_000", {"failed"}, VALUE),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_at_a_limit_is_reported_and_the_rest_is_graded(patiently: Judge, name: str) -> None:
    """With its state and a sentence that names the limit; other checks keep their points."""
    bomb, states, (en, fr) = CHECKS[name]
    report = patiently(RIGHT.replace("    return 2 * x\n", f"    {bomb}\n    return 2 * x\n", 1))
    assert points(report) == ALL | {"double": 0.0}
    assert report.run.faults == ()
    for check in report.verdict.items["double"].checks:
        assert check.state in states, check
        assert en in check.message["en"]
        assert fr in check.message["fr"].replace("\u00a0", " ")


HARMLESS = {
    "a thousand objects kept": "class Thing: pass\nkept = [Thing() for _ in range(1000)]\n",
    "hundreds of writers in one folder": (
        "from torch.utils.tensorboard import SummaryWriter\n"
        "for n in range(300):\n"
        "    with SummaryWriter(f'runs/{n % 7}') as writer: writer.add_scalar('loss', 1.0, n)\n"
    ),
    "output in a check": (
        "import os\ndef double(x):\n    os.write(1, b'x' * 10**6)\n    print('y' * 10**6)\n    return 2 * x\n"
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_heavy_use_within_the_limits_costs_nothing(patiently: Judge, name: str) -> None:
    """Many objects, many writers, much output during a check: all points are earned."""
    report = patiently(RIGHT + HARMLESS[name])
    assert points(report) == ALL
    assert report.verdict.cells == ()


def test_ten_thousand_open_writers_are_too_many_threads(patiently: Judge) -> None:
    """Each open SummaryWriter has its own thread; definitions before and after are graded."""
    writers = (
        "from torch.utils.tensorboard import SummaryWriter\n"
        "kept = []\n"
        "for n in range(10_000): kept.append(SummaryWriter('runs'))\n"
    )
    report = patiently(notebook(RIGHT, writers, "after = 1"), "lab.ipynb")
    assert points(report) == ALL
    (cell,) = report.verdict.cells
    assert cell.state in {"failed", "crashed"}
    assert any(limit in cell.message["en"] for limit in (THREADS[0], MEMORY[0]))  # the stacks of 64 are 512 MB


def test_thousands_of_handles_are_the_students_failure(patiently: Judge) -> None:
    """Objects that checks hold in the session are released after each check, whatever their number."""
    many = "class Thing: pass\n" + RIGHT.replace("return 2 * x\n", "return [Thing() for _ in range(5000)]\n", 1)
    report = patiently(many)
    assert points(report) == ALL | {"double": 0.0}
    assert {check.state for check in report.verdict.items["double"].checks} == {"failed"}
    assert report.run.faults == ()
