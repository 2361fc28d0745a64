"""Grade a small cohort with the real command, kill its processes at seeded random moments, and check the results.

Orphans of a killed command are adopted by this process (`leftovers.adopt_orphans`), which looks for any that are left.
"""

from __future__ import annotations

import contextlib
import csv
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from leftovers import children, command_line, orphans
from small_course import RIGHT, make_course

from gradjudge.course.layout import Course
from gradjudge.files import TEMPORARY
from gradjudge.reports.record import Report, verdict_bytes

#: Seconds for a command to end by itself, and for orphans to be gone; generous, for a busy machine.
COMMAND_SECONDS = 400.0
ORPHAN_SECONDS = 60.0

SLOW = "import time\ntime.sleep(0.4)\n"
COHORT = {
    "ada": SLOW + RIGHT,
    "bob": RIGHT.replace("return 2 * x\n", "return 3 * x\n", 1),
    "cleo": SLOW + RIGHT.replace("2 * x * grad_output", "x * grad_output"),
    "dan": "import torch\n" + RIGHT.replace("return 2 * x\n", "while torch.is_tensor(x): pass\n    return 2 * x\n", 1),
    "eve": RIGHT.replace("(x,) = ctx.saved_tensors", "import os; os._exit(3)"),
    "fay": "import os\n" + RIGHT.replace("return 2 * x\n", "os.kill(os.getpid(), 9)\n", 1),
    "gus": SLOW + RIGHT + SLOW,
    "hal": "raise NotImplementedError\n" + SLOW + RIGHT,
}
"""Right, wrong, slow, one check that never ends, one that ends the process, one that kills it, one unfinished cell."""


def cohort(root: Path, copies: int = 1) -> Course:
    """Write the course with its cohort, and time limits generous enough for a busy machine.

    The check that never ends has one copy only, as it takes its whole time limit.
    """
    course = make_course(root)
    rubric = course.rubric_file.read_text().replace("cell_seconds = 0.5", "cell_seconds = 20")
    course.rubric_file.write_text(rubric.replace("check_seconds = 1.5", "check_seconds = 6"))
    students = {f"{who}{copy or ''}": text for copy in range(copies) for who, text in COHORT.items()}
    for student, source in students.items():
        if student.startswith("dan") and student != "dan":
            continue
        file = course.submitted / student / "lab" / "lab.py"
        file.parent.mkdir(parents=True)
        file.write_text(source)
    (root / "tmp").mkdir()
    return course


@dataclass(frozen=True)
class Kill:
    """One process to kill: its kind, after how many reports, and how many seconds later."""

    kind: str
    reports: int
    delay: float
    number: signal.Signals = signal.SIGKILL


@dataclass
class Damage:
    """What went wrong under some faults of one kind; all but `times` must stay 0."""

    times: int = 0
    lost: int = 0
    doubled: int = 0
    zeros: int = 0
    other_bytes: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing went wrong."""
        return not (self.lost or self.doubled or self.zeros or self.other_bytes or self.wrong)

    def __iadd__(self, other: Damage) -> Damage:
        """Add what another one counted."""
        for name in ("times", "lost", "doubled", "zeros", "other_bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong
        return self


def hear_interrupts() -> None:
    """Let the commands receive SIGINT, which background jobs of a shell, and so their children, ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Command:
    """``gradjudge grade lab`` in a separate process."""

    def __init__(self, course: Course, jobs: int = 1, *options: str, environment: dict[str, str] | None = None) -> None:
        self._course = course
        self._before = children()
        self._spared_until = 0  # reports: whom a kill has hit is not hit again
        self._out = (course.root / "stdout.txt").open("w+b")
        self._err = (course.root / "stderr.txt").open("w+b")
        command = [sys.executable, "-m", "gradjudge.cli", "grade", "lab", "--course", str(course.root)]
        self.process = subprocess.Popen(
            [*command, "--jobs", str(jobs), *options],
            stdout=self._out,
            stderr=self._err,
            env={**os.environ, "TMPDIR": str(course.root / "tmp"), **(environment or {})},
            start_new_session=True,
        )

    def victims(self, kind: str) -> list[int]:
        """Return the running processes of a kind."""
        if kind == "command":
            return [self.process.pid]
        module = "gradjudge.session.run.zygote" if kind in ("zygote", "session") else "gradjudge.judge.host"
        servers = [pid for pid in children(self.process.pid) if module in command_line(pid)]
        return servers if kind in ("zygote", "host") else [child for pid in servers for child in children(pid)]

    def inflict(self, kill: Kill, rng: random.Random) -> bool:
        """Wait for the moment and kill; return False if the command ended before."""
        moment: float | None = None
        while self.process.poll() is None:
            if moment is None and len(reports(self._course)) >= max(kill.reports, self._spared_until):
                moment = time.monotonic() + kill.delay
            if moment is not None and time.monotonic() >= moment and (pids := self.victims(kill.kind)):
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself: try again
                    os.kill(rng.choice(pids), kill.number)
                    self._spared_until = len(reports(self._course)) + 1
                    return True
            time.sleep(0.004)
        return False

    def end(self) -> tuple[int, str, str]:
        """Wait for the command; return its exit code and what it wrote."""
        try:
            code = self.process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        texts = []
        for stream in (self._out, self._err):
            stream.seek(0)
            texts.append(stream.read().decode())
            stream.close()
        return code, texts[0], texts[1]

    def orphans(self) -> list[str]:
        """Wait a while for the command's leftover processes to end; return those that do not."""
        return orphans(self._before, ORPHAN_SECONDS)


def reports(course: Course) -> dict[str, Path]:
    """Return the files in the folder of reports, by student."""
    folder = course.reports("lab")
    return {path.stem: path for path in sorted(folder.glob("*.json"))} if folder.is_dir() else {}


class UnderFire:
    """A cohort with known undisturbed verdicts, to be graded under faults."""

    def __init__(self, root: Path, copies: int = 1) -> None:
        self.course = cohort(root, copies)
        code, _, said = Command(self.course).end()
        assert code == 0, said
        self.right = {who: read(path) for who, path in reports(self.course).items()}
        self.table = self.course.grades_table("lab").read_bytes()
        assert set(self.right) >= set(COHORT)

    def clear(self) -> None:
        """Remove all reports."""
        for path in self.course.reports("lab").glob("*"):
            path.unlink()

    def grade(self, kills: list[Kill], rng: random.Random, *, jobs: int = 1) -> Damage:
        """Grade once under some kills, each hitting another submission, and check the results."""
        damage = Damage()
        before = {who: verdict_bytes(read(path)) for who, path in reports(self.course).items()}
        command = Command(self.course, jobs)
        hit = [kill for kill in kills if command.inflict(kill, rng)]
        code, out, said = command.end()
        damage.times = len(hit)
        damage.wrong += [f"left: {left}" for left in command.orphans()]
        self.check(damage, before, killed=code == -signal.SIGKILL)
        damage.wrong += _wrong_messages(code, out, said, hit)
        return damage

    def check(self, damage: Damage, before: dict[str, bytes], *, killed: bool) -> None:
        """Compare the reports with `before` and with the undisturbed verdicts, except for ungraded items."""
        now = reports(self.course)
        damage.lost += len(set(before) - set(now))
        for who, path in now.items():
            report = read(path)
            for name, item in report.verdict.items.items():
                right = self.right[who].verdict.items[name]
                if item.state == "ungraded":
                    continue
                if item.points < right.points:
                    damage.zeros += 1
                if msgspec.json.encode(item) != msgspec.json.encode(right):
                    damage.wrong.append(f"{who}: {name} is {item.state}, not {right.state}; faults {report.run.faults}")
            if not report.ungraded and verdict_bytes(report) != verdict_bytes(self.right[who]):
                damage.other_bytes += 1
                damage.wrong.append(f"{who}: {report} instead of {self.right[who]}")
        left = [path.name for path in (self.course.root / "tmp").iterdir()]
        if left and not (killed and all(name.startswith("gradjudge-") for name in left)):
            damage.wrong.append(f"left in the temporary folder: {left}")
        odd = [path.name for path in self.course.reports("lab").glob("*") if not _expected(path.name, killed)]
        if odd:
            damage.wrong.append(f"in the folder of grades: {odd}")

    def complete(self) -> Damage:
        """Grade without faults: each report must be there, once, and as undisturbed."""
        damage = Damage()
        before = {who: verdict_bytes(read(path)) for who, path in reports(self.course).items()}
        command = Command(self.course, 2)
        code, _, said = command.end()
        if code != 0:
            damage.wrong.append(f"the second run ended with {code}: {said}")
        damage.wrong += [f"left: {left}" for left in command.orphans()]
        self.check(damage, before, killed=False)
        damage.lost += len(set(self.right) - set(reports(self.course)))
        table = self.course.grades_table("lab").read_bytes()
        rows = [row[0] for row in csv.reader(table.decode().splitlines())]
        damage.doubled += len(rows) - len(set(rows))
        if table != self.table:
            damage.other_bytes += 1
            damage.wrong.append(f"{table!r} instead of {self.table!r}")
        return damage


def read(path: Path) -> Report:
    """Read a report, which must be whole."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


def _expected(name: str, killed: bool) -> bool:
    return name in (".lock", "grades.csv") or name.endswith(".json") or (killed and bool(re.fullmatch(TEMPORARY, name)))


def _wrong_messages(code: int, out: str, said: str, hit: list[Kill]) -> Iterator[str]:
    """Yield what is wrong with the exit code and output of a command."""
    ends = [kill.number for kill in hit if kill.kind == "command"]
    if "Traceback" in said:
        yield f"a traceback: {said}"
    young = all(kill.reports == 0 for kill in hit)
    if ends and young and code == -ends[0] and not said and not out:
        return  # too early for its signal handlers, and it has done nothing yet
    if ends and code not in ({-signal.SIGKILL} if ends == [signal.SIGKILL] else {128 + ends[0]}):
        yield f"exit code {code} after {ends[0].name}: {said}"
    if ends and ends[0] != signal.SIGKILL and said.count("gradjudge: stopped") != 1:
        yield f"a stop that is not said once: {said}"
    early = {kill.kind for kill in hit} & {"zygote", "host"} and code == 3 and "before it" in said
    if not ends and code not in (0, 1) and not early:
        yield f"exit code {code}: {said}"
    if not ends and (code == 1) is not ("UNGRADED" in said):
        yield f"exit code {code} is not what is said: {said}"
    servers = sum(kill.kind in ("zygote", "host") for kill in hit)
    if not ends and not early and said.count("it is started again") != servers:
        yield f"{servers} servers killed and not a word: {said}"
