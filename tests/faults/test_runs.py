"""Two commands at once, full disks, removed folders, a machine out of memory: never a zero."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.cohort_under_fire import Command, Damage, UnderFire, reports
from leftovers import children
from small_course import RIGHT

from gradjudge.sandbox.policy import Limits
from gradjudge.sandbox.shortage import scratch_trouble

MEMORY = Path("/sys/fs/cgroup/memory")


@contextlib.contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Callable[[str], None]]:
    """Mount a tmpfs on `folder`; yield a function that remounts it with other options."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=False).returncode:
        pytest.skip("this needs the right to mount; test_cohort.py and scratch_trouble's own test do without")
    try:
        yield lambda other: run_checked(["mount", "-o", f"remount,{other}", str(folder)])
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def run_checked(command: list[str]) -> None:
    """Run a command that must not fail."""
    subprocess.run(command, check=True)


def fill(folder: Path, command: Command) -> None:
    """Keep a small disk full of files until the command ends."""
    full = False
    for number in itertools.count():
        if command.process.poll() is not None:
            break
        try:
            (folder / f"gradjudge-filler-{number}").touch()
        except OSError:
            full = True
        time.sleep(0.001)
    assert full, "this file system took every file"


def wait_for_reports(command: Command, under_fire: UnderFire, count: int) -> None:
    """Wait for some number of reports."""
    while command.process.poll() is None and len(reports(under_fire.course)) < count:
        time.sleep(0.01)
    assert command.process.poll() is None


def check(under_fire: UnderFire, *, killed: bool = False) -> Damage:
    """Check the present reports."""
    damage = Damage()
    under_fire.check(damage, {}, killed=killed)
    return damage


def test_a_second_command_is_refused(under_fire: UnderFire) -> None:
    """It ends at once with exit code 2 and names the first, which goes on undisturbed."""
    under_fire.clear()
    command = Command(under_fire.course)
    wait_for_reports(command, under_fire, 1)
    again = [sys.executable, "-m", "gradjudge.cli", "grade", "lab", "--course", str(under_fire.course.root)]
    second = subprocess.run(again, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"another command is grading into this folder (process {command.process.pid} on " in second.stderr
    assert command.end()[0] == 0
    damage = under_fire.complete()
    assert damage.clean, damage


def test_a_full_disk_for_reports_is_one_clear_message(under_fire: UnderFire) -> None:
    """Reports already written are whole; once there is space, the next run goes on."""
    under_fire.clear()
    folder = under_fire.course.reports("lab")
    with small_disk(folder, "size=20k") as remount:
        command = Command(under_fire.course)
        code, _, said = command.end()
        assert code == 2
        assert said.count("cannot be written: No space left on device. Make room for it") == 1
        assert "Traceback" not in said
        assert 0 < len(reports(under_fire.course)) < len(under_fire.right)
        damage = check(under_fire)
        damage.wrong += command.orphans()
        remount("size=4m")
        damage += under_fire.complete()
        assert damage.clean, damage


def test_a_full_disk_for_scratch_folders_is_ungraded(under_fire: UnderFire) -> None:
    """No session can be started any more: the command says so, and nobody gets a zero for it."""
    under_fire.clear()
    with small_disk(under_fire.course.root / "tmp", "nr_inodes=100") as remount:
        command = Command(under_fire.course)
        wait_for_reports(command, under_fire, 2)
        fill(under_fire.course.root / "tmp", command)
        code, _, said = command.end()
        assert code == 1
        assert "UNGRADED" in said
        assert "No space left on device" in said
        damage = check(under_fire, killed=True)
        for filler in (under_fire.course.root / "tmp").glob("gradjudge-filler-*"):
            filler.unlink()
        remount("nr_inodes=10000")
        damage += under_fire.complete()
        assert damage.clean, damage


def test_a_session_whose_disk_is_full_is_no_verdict(tmp_path: Path) -> None:
    """A session needs the space that its limits promise, unless it has a file system of its own."""
    limits = Limits(scratch_mb=2)
    (tmp_path / "disk").mkdir()
    assert scratch_trouble(tmp_path / "disk", limits, private=False) == ""
    assert "is gone" in scratch_trouble(tmp_path / "gone", limits, private=True)
    with small_disk(tmp_path / "disk", "size=3m"):
        scratch = tmp_path / "disk" / "scratch"
        scratch.mkdir()
        (scratch / "own").write_bytes(bytes(2 << 20))
        assert scratch_trouble(scratch, limits, private=False) == ""
        (tmp_path / "disk" / "others").write_bytes(bytes((1 << 20) - 8192))
        assert scratch_trouble(scratch, limits, private=False) == ""
        (scratch / "own").write_bytes(b"")
        (tmp_path / "disk" / "others").write_bytes(bytes(2 << 20))
        assert "is full" in scratch_trouble(scratch, limits, private=False)
        assert scratch_trouble(scratch, limits, private=True) == ""


@pytest.mark.parametrize("pattern", ["gradjudge-run-*", "gradjudge-run-*/????????????????"])
def test_removing_a_scratch_folder_costs_no_point(under_fire: UnderFire, pattern: str) -> None:
    """Whether the run's whole folder is removed or one session's: submissions in progress are judged anew."""
    under_fire.clear()
    command = Command(under_fire.course)
    wait_for_reports(command, under_fire, 2)
    removed: list[Path] = []
    while not removed and command.process.poll() is None:
        removed = list((under_fire.course.root / "tmp").glob(pattern))
        for folder in removed:
            shutil.rmtree(folder, ignore_errors=True)
    code, _, said = command.end()
    assert (code, "Traceback" in said) == (0, False), said
    damage = check(under_fire)
    damage.wrong += command.orphans()
    damage += under_fire.complete()
    assert damage.clean, damage


def test_a_shutdown_that_reaches_every_process_makes_no_verdict(under_fire: UnderFire) -> None:
    """SIGTERM to all of them, the command last, as from an init system: no session's death passes for a crash."""
    under_fire.clear()
    command = Command(under_fire.course, 2)
    wait_for_reports(command, under_fire, 1)
    below: list[int] = []
    waiting = [command.process.pid]
    while waiting:
        found = children(waiting.pop())
        below += found
        waiting += found
    for pid in (*reversed(below), command.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    code, _, said = command.end()
    assert code == 143
    assert "; run the same command again to go on" in said
    damage = check(under_fire)
    damage.wrong += command.orphans()
    damage += under_fire.complete()
    assert damage.clean, damage


@contextlib.contextmanager
def control_group(command: Command) -> Iterator[Path]:
    """Put a command and its future children into a memory cgroup (v1)."""
    group = MEMORY / f"gradjudge-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("this needs the right to make control groups of version 1; test_machine.py does without")
    try:
        (group / "cgroup.procs").write_text(str(command.process.pid))
        yield group
    finally:
        command.orphans()
        group.rmdir()


def limit_memory(group: Path, more: int) -> None:
    """Limit a cgroup to `more` bytes on top of its resident memory."""
    held = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())["total_rss"]
    (group / "memory.limit_in_bytes").write_text(str(int(held) + more))


HOG = RIGHT.replace("return 2 * x\n", "return 2 * x + 0 * len(bytes(range(256)) * (7 << 18))\n", 1)


def test_a_machine_without_memory_is_ungraded(under_fire: UnderFire) -> None:
    """If the kernel keeps killing a session that is within its limit, that is the machine's fault."""
    under_fire.clear()
    file = under_fire.course.submitted / "gus" / "lab" / "lab.py"
    before = file.read_text()
    file.write_text(HOG)
    try:
        command = Command(under_fire.course)
        with control_group(command) as group:
            wait_for_reports(command, under_fire, 1)
            limit_memory(group, 250 << 20)
            code, _, said = command.end()
        assert code == 1, said
        assert "UNGRADED gus" in said
        assert "ran out of memory" in said
    finally:
        file.write_text(before)
    damage = under_fire.complete()
    assert damage.clean, damage
