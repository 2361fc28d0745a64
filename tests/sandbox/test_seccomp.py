"""The filter for both machines, run by a small BPF interpreter, and with the Landlock of older kernels."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from gradjudge.session.jail import seccomp, syscalls

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4242


def answer(machine: str, number: int, *args: int, audit: int | None = None, truncate: bool = True) -> int:
    """Run the filter on one call and return its verdict."""
    program = seccomp.program(machine, PID, truncate=truncate, any_ioctl=False)
    padded = [*args, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<iIQ6Q", number, AUDIT[machine] if audit is None else audit, 0, *padded)
    accumulator = at = 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, constant)[0]
        elif code == 0x54:
            accumulator &= constant
        elif code == 0x06:
            return constant
        else:
            true = {0x15: accumulator == constant, 0x35: accumulator >= constant, 0x45: bool(accumulator & constant)}
            at += if_true if true[code] else if_false


def named(machine: str, name: str) -> int:
    """Return a checked call's number."""
    return syscalls.numbers(syscalls.CHECKED, machine)[name]


machines = pytest.mark.parametrize("machine", syscalls.MACHINES)


@machines
def test_the_tables_decide(machine: str) -> None:
    """Every call gets the answer of its table, and a call in none does not exist."""
    expected = dict.fromkeys(syscalls.numbers(syscalls.ALLOWED, machine), ALLOW)
    expected |= dict.fromkeys(syscalls.numbers(syscalls.PRETENDED, machine), ERRNO)
    expected |= dict.fromkeys(syscalls.numbers(syscalls.REFUSED, machine), ERRNO | errno.EPERM)
    tables = (syscalls.ALLOWED, syscalls.PRETENDED, syscalls.REFUSED)
    numbers = {name: number for table in tables for name, number in syscalls.numbers(table, machine).items()}
    assert {name: answer(machine, number) for name, number in numbers.items()} == expected
    known = {*numbers.values(), *syscalls.numbers(syscalls.CHECKED, machine).values()}
    unknown = {answer(machine, number) for number in (*range(480), 0x40000000 + 39, 0x7FFFFFFF) if number not in known}
    assert unknown == {ERRNO | errno.ENOSYS}


@machines
def test_no_number_is_in_two_tables(machine: str) -> None:
    """A call has one answer."""
    tables = (syscalls.ALLOWED, syscalls.PRETENDED, syscalls.REFUSED, syscalls.CHECKED)
    numbers = [number for table in tables for number in syscalls.numbers(table, machine).values()]
    assert len(numbers) == len(set(numbers))


@machines
def test_calls_of_another_machine_kill(machine: str) -> None:
    """32-bit calls, whose numbers mean something else, end the process."""
    assert answer(machine, 1, audit=0x40000003) == KILL


@machines
def test_only_threads_are_cloned(machine: str) -> None:
    """What pthread_create asks for passes; fork, and threads in new namespaces, do not."""
    clone = named(machine, "clone")
    assert answer(machine, clone, 0x3D0F00) == ALLOW
    assert answer(machine, clone, 17) == ERRNO | errno.EPERM
    assert answer(machine, clone, 0x3D0F00 | 0x10000000) == ERRNO | errno.EPERM


@machines
@pytest.mark.parametrize("name", ["kill", "tkill", "tgkill"])
def test_signals_are_for_oneself(machine: str, name: str) -> None:
    """A process may signal itself; the kernel reads an int, so high bits do not make it another process."""
    assert answer(machine, named(machine, name), PID, 9) == ALLOW
    assert answer(machine, named(machine, name), PID + (1 << 32), 9) == ALLOW
    for other in (0, 1, PID + 1, 2**32 - 1, 2**64 - 1, 2**32 - PID):
        assert answer(machine, named(machine, name), other, 9) == ERRNO | errno.EPERM


@machines
def test_messages_go_to_the_peer_only(machine: str) -> None:
    """An address in sendto is refused, in whichever half of the pointer it shows."""
    sendto = named(machine, "sendto")
    assert answer(machine, sendto, 3, 1, 1, 0, 0, 0) == ALLOW
    assert answer(machine, sendto, 3, 1, 1, 0, 1 << 40, 0) == ERRNO | errno.EPERM
    assert answer(machine, sendto, 3, 1, 1, 0, 8, 0) == ERRNO | errno.EPERM


@machines
def test_truncating_needs_writing(machine: str) -> None:
    """O_TRUNC passes with O_WRONLY and O_RDWR; truncate by name only where Landlock looks at it."""
    openat = named(machine, "openat")
    for mode, expected in ((0, ERRNO | errno.EPERM), (1, ALLOW), (2, ALLOW), (3, ERRNO | errno.EPERM)):
        assert answer(machine, openat, 0, 0, os.O_TRUNC | os.O_CREAT | mode) == expected
        assert answer(machine, openat, 0, 0, os.O_CREAT | mode) == ALLOW
    assert answer(machine, named(machine, "truncate")) == ALLOW
    assert answer(machine, named(machine, "truncate"), truncate=False) == ERRNO | errno.EPERM


OLDER = """
import os, sys
from gradjudge.session.jail import kernel, landlock, seccomp
version, scratch, readable = int(sys.argv[1]), sys.argv[2], sys.argv[3]
kernel.prctl(38, 1)
rules = [(scratch, landlock.WRITE), (readable, landlock.READ), ("/dev/null", landlock.DEVICE)]
assert landlock.restrict(rules, version=version) == version
seccomp.install(truncate=version >= 3, any_ioctl=False)
outcomes = []
for attack in (
    lambda: os.truncate(readable + "/file", 0),
    lambda: os.open(readable + "/file", os.O_RDONLY | os.O_TRUNC),
    lambda: os.open(readable + "/file", os.O_WRONLY),
    lambda: os.open("/etc/passwd", os.O_RDONLY),
    lambda: os.rename(readable + "/file", scratch + "/mine"),
    lambda: os.kill(os.getppid(), 0),
):
    try:
        attack()
        outcomes.append("DONE")
    except OSError:
        outcomes.append("refused")
open(scratch + "/own", "w").close()
open(readable + "/file").close()
print(*outcomes)
"""


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_older_landlocks_leave_no_door_open(tmp_path: Path, version: int) -> None:
    """What an older ABI does not look at, the filter refuses."""
    scratch, readable = tmp_path / "scratch", tmp_path / "readable"
    scratch.mkdir()
    readable.mkdir()
    (readable / "file").write_text("as it was")
    command = [sys.executable, "-c", OLDER, str(version), str(scratch), str(readable)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["refused"] * 6, done.stderr
    assert (readable / "file").read_text() == "as it was"
