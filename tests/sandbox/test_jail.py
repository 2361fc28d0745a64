"""What a submission's code cannot do, tried from inside every kind of jail that this machine gives."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import struct
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.conftest import Probe


def test_secrets_of_the_course_cannot_be_read(probe: Probe, course: Path, secrets: tuple[str, ...]) -> None:
    """No hidden test, solution, source, other submission, grade or rubric can be opened or listed."""
    for name in secrets:
        assert probe.outcome(f"open({str(course / name)!r})") == "refused", name
        assert probe.outcome(f"os.listdir({str((course / name).parent)!r})") == "refused", name


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/shadow",
        "/root/.bashrc",
        str(Path.home() / ".profile"),
        "/proc/1/environ",
        "/proc/1/cmdline",
        "/proc/{parent}/environ",
        "/proc/{parent}/cmdline",
        "/proc/{parent}/maps",
        "/proc/{parent}/mem",
        "/proc/{parent}/fd/0",
        "/proc/{parent}/root/etc/passwd",
        "/proc/{grader}/environ",
        "/proc/{grader}/cmdline",
        "/proc/{grader}/mem",
        "/proc/self/root/etc/passwd",
        "/proc/self/environ",
        "/proc/self/mountinfo",
        "/proc/self/net/unix",
        "/proc/self/task/../../1/environ",
        "/dev/kmsg",
        "/sys/kernel/notes",
        "/proc/self/cwd/../../../etc/passwd",
    ],
)
def test_the_machine_cannot_be_read(probe: Probe, path: str) -> None:
    """Accounts, homes, other processes and devices stay closed, also by way of the session's own /proc folder."""
    source = f"open({path!r}.format(parent=os.getppid(), grader={os.getpid()}), 'rb').read(1)"
    assert probe.outcome(source) == "refused"


@pytest.mark.parametrize("path", ["/", "/proc", "/tmp", "/home", "/etc", "/dev", "/run", "/var", "..", "../.."])
def test_folders_outside_cannot_be_listed(probe: Probe, path: str) -> None:
    """Names of files outside are not to be learnt by listing."""
    assert probe.outcome(f"os.listdir({path!r})") == "refused"


WRITES = [
    "open({path!r}, 'w')",
    "open({path!r}, 'a')",
    "os.open({path!r}, os.O_RDONLY | os.O_TRUNC)",
    "os.truncate({path!r}, 0)",
    "os.unlink({path!r})",
    "os.rename({path!r}, 'mine')",
    "os.rename('companion.csv', {path!r})",
    "open({path!r} + '.new', 'w')",
    "os.mkdir({path!r} + '.new')",
    "os.symlink({path!r}, 'link')",
    "os.link({path!r}, 'link')",
    "os.symlink('companion.csv', 'inner-link')",
    "os.link('companion.csv', 'inner-hard-link')",
    "os.mkfifo('fifo')",
    "os.mknod('node')",
    "open('/dev/shm/left-behind', 'w')",
    "open('/tmp/left-behind', 'w')",
]


@pytest.mark.parametrize("attack", WRITES)
def test_nothing_outside_can_be_written(probe: Probe, outside: Path, attack: str) -> None:
    """A file that everybody may write is left alone, and the scratch folder gets no links and no pipes."""
    assert probe.outcome(attack.format(path=str(outside))) == "refused"
    assert outside.read_text() == "as it was"


@pytest.mark.parametrize(
    "attack", ["os.chmod({path!r}, 0o777)", "os.chown({path!r}, 12, 12)", "os.utime({path!r}, (1, 1))"]
)
def test_changing_modes_owners_and_times_has_no_effect(probe: Probe, outside: Path, attack: str) -> None:
    """What honest copying code calls succeeds, or fails for want of the file, and does nothing."""
    before = outside.stat()
    assert probe.outcome(attack.format(path=str(outside))) in ("DONE", "refused")
    after = outside.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_mtime) == (0o666, before.st_uid, before.st_mtime)


def test_what_can_be_read_is_for_reading_only(probe: Probe) -> None:
    """A file among Python's packages can be read and not be written, cut or removed, whoever owns it."""
    with tempfile.NamedTemporaryFile("w+", dir=sysconfig.get_paths()["purelib"]) as rows:
        print("1,2", file=rows, flush=True)
        assert probe.output(f"print(open({rows.name!r}).read())") == "1,2"
        for attack in ("open({!r}, 'r+')", "os.open({!r}, os.O_RDONLY | os.O_TRUNC)", "os.unlink({!r})"):
            assert probe.outcome(attack.format(rows.name)) == "refused"
        assert Path(rows.name).read_text() == "1,2\n"


@pytest.mark.parametrize(
    "attack",
    [
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.create_connection(('127.0.0.1', 80))",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)",
        "socket.socketpair()[0].bind('here')",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1/')",
    ],
)
def test_there_is_no_network(probe: Probe, attack: str) -> None:
    """No socket can be made but pairs of streams, and those cannot be connected to anything else."""
    assert probe.outcome(attack) == "refused"


def test_abstract_sockets_of_the_grader_cannot_be_reached(probe: Probe) -> None:
    """An abstract unix socket, which no file protects, is out of reach."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0gradjudge-test")
        listening.listen()
        assert probe.outcome("socket.socketpair()[0].connect('\\0gradjudge-test')") == "refused"
        assert probe.outcome("socket.socket(socket.AF_UNIX).connect('\\0gradjudge-test')") == "refused"


@pytest.mark.parametrize(
    "attack",
    [
        "os.fork()",
        "call(58, 220, 17)",  # vfork; clone without CLONE_THREAD
        "call(56, 220, 17, 0, 0, 0, 0)",
        "call(56, 220, 0x10000 | 0x10000000, 0, 0, 0, 0)",  # clone: a thread in a new user namespace
        "call(435, 435, b'x' * 88, 88)",  # clone3
        "os.execv('/bin/sh', ['sh'])",
        "call(322, 281, 0, b'', 0, 0, 0x1000)",  # execveat
        "subprocess.run(['true'])",
        "subprocess.Popen('true', shell=True)",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "import multiprocessing; multiprocessing.get_context('fork').Process(target=print).start()",
    ],
)
def test_there_are_no_other_processes(probe: Probe, attack: str) -> None:
    """Nothing is executed and nothing is forked, by whatever call."""
    assert probe.outcome(attack) == "refused"


@pytest.mark.parametrize(
    "attack",
    [
        "os.kill(os.getppid() or 1 << 20, 0)",
        "os.kill({grader}, 0)",
        "os.kill(-1, 0)",
        "os.kill(1, 0) if os.getpid() != 1 else os.kill(2, 0)",
        "os.killpg({group}, 0)",
        "call(200, 130, {grader}, 0)",  # tkill
        "call(234, 131, {grader}, {grader}, 0)",  # tgkill
        "call(129, 138, {grader}, 0, bytes(128))",  # rt_sigqueueinfo
        "call(434, 434, os.getppid(), 0)",  # pidfd_open
        "call(101, 117, 16, {grader}, 0, 0)",  # ptrace attach
        "call(310, 270, {grader}, 0, 0, 0, 0, 0)",  # process_vm_readv
        "call(312, 272, os.getpid(), {grader}, 0, 0, 0)",  # kcmp
        "call(256, 238, {grader}, 1, 0, 0)",  # migrate_pages
        "resource.prlimit({grader}, resource.RLIMIT_CPU)",
        "resource.prlimit({grader}, resource.RLIMIT_CPU, (1, 1))",
        "os.sched_setaffinity({grader}, [0])",
        "import fcntl; fcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, {grader})",
        "import fcntl; fcntl.fcntl(0, 10, 9)",  # F_SETSIG
        "import fcntl; fcntl.fcntl(0, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "import fcntl; fcntl.ioctl(0, 0x8901, bytes(4))",  # FIOSETOWN
        "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",  # TIOCSTI
    ],
)
def test_other_processes_are_out_of_reach(probe: Probe, attack: str) -> None:
    """No signal, tracing or limits for the grader, the zygote or anyone, not even through a descriptor's owner."""
    assert probe.outcome(attack.format(grader=os.getpid(), group=os.getpgrp())) == "refused"


def test_locks_carry_nothing_to_others(probe: Probe) -> None:
    """A session may ask for locks on a file that all may read, is told that it has them, and nobody sees them."""
    probe.output(f"""
import fcntl, struct
kept = open({json.__file__!r})
asked = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
fcntl.flock(kept, fcntl.LOCK_EX)
fcntl.lockf(kept, fcntl.LOCK_SH)
for command in (fcntl.F_SETLK, fcntl.F_SETLKW, 37, 38):
    fcntl.fcntl(kept, command, asked)
""")
    writes = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with Path(json.__file__).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for command in (fcntl.F_GETLK, 36):
            assert struct.unpack("h", fcntl.fcntl(file, command, writes)[:2]) == (fcntl.F_UNLCK,)


@pytest.mark.parametrize(
    "call", ["27, 232, 4096, 4096, bytes(1)", "294, 26, 0", "300, 262, 0, 0", "451, 451, 0, 0, 0, 0"]
)
def test_what_tells_of_others_use_of_files_is_closed(probe: Probe, call: str) -> None:
    """mincore, inotify, fanotify and cachestat are not to be had."""
    assert probe.outcome(f"call({call})") == "refused"


@pytest.mark.parametrize(
    "call", ["os.setpriority(0, {grader}, 5)", "os.sched_setscheduler({grader}, 3, os.sched_param(0))"]
)
def test_priorities_of_others_do_not_change(probe: Probe, call: str) -> None:
    """The calls that are answered and not done are not done to the grader either."""
    before = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)
    probe.outcome(call.format(grader=os.getpid()))
    assert (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)) == before


@pytest.mark.parametrize(
    "attack",
    [
        "call(29, 194, 0, 4096, 0o1600)",  # shmget
        "call(64, 190, 0, 1, 0o1600)",  # semget
        "call(68, 186, 0, 0o1600)",  # msgget
        "call(240, 180, b'/queue', 0o102, 0o600, 0)",  # mq_open
        "from multiprocessing import shared_memory; shared_memory.SharedMemory(create=True, size=10)",
        "import multiprocessing; multiprocessing.get_context('spawn').Lock()",
        "call(319, 279, b'memory', 0)",  # memfd_create
        "call(425, 425, 8, bytes(120))",  # io_uring_setup
        "call(323, 282, 0)",  # userfaultfd
        "call(321, 280, 0, bytes(128), 128)",  # bpf
        "call(298, 241, bytes(128), 0, -1, -1, 0)",  # perf_event_open
        "call(250, 219, 0, -3, 0)",  # keyctl
        "call(248, 217, b'user', b'name', b'data', 4, -3)",  # add_key
        "call(253, 26)",  # inotify_init; inotify_init1
        "call(254, 27, 0, b'/tmp', 256)",  # inotify_add_watch
        "call(300, 262, 0, 0)",  # fanotify_init
        "call(303, 264, -100, b'/etc/passwd', bytes(136), bytes(8), 0)",  # name_to_handle_at
        "call(437, 437, -100, b'/etc/passwd', bytes(24), 24)",  # openat2
        "call(165, 40, b'none', b'/tmp', b'tmpfs', 0, 0)",  # mount
        "call(428, 428, -100, b'/', 1)",  # open_tree
        "call(272, 97, 0x10000000)",  # unshare
        "call(161, 51, b'.')",  # chroot
        "call(135, 92, 0x0040000)",  # personality: no randomised addresses
        "call(105, 146, 0)",  # setuid
        "call(157, 167, 1, 0)",  # prctl: outlive the zygote
        "call(157, 167, 4, 1)",  # prctl: be dumpable
        "call(157, 167, 0x59616d61, -1)",  # prctl: let anyone trace
        "call(317, 277, 1, 0, 0)",  # seccomp
        "call(444, 444, bytes(8), 8, 0)",  # landlock_create_ruleset
        "call(275, 76, 0, 0, 0, 0, 1, 0)",  # splice
        "call(0x40000000 + 39, 9999)",  # a call of the x32 machine
        "call(600, 600)",  # a call that is not invented yet
    ],
)
def test_the_rest_of_the_kernel_is_closed(probe: Probe, attack: str) -> None:
    """Shared memory, queues, rings, keys, watches, mounts, other identities and calls of the future do not exist."""
    assert probe.outcome(attack) == "refused"


def test_no_descriptor_came_along(probe: Probe) -> None:
    """Besides stdio, which leads nowhere, there is one socket."""
    source = """
import stat
kinds = []
for fd in range(64):
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        continue
    kinds.append("socket" if stat.S_ISSOCK(mode) else "other")
print(kinds.count("socket"))
"""
    assert probe.output(source) == "1"


def test_stdin_is_empty(probe: Probe) -> None:
    """Descriptor 0 gives nothing and waits for nothing."""
    assert probe.output("print(os.read(0, 10))") == "b''"


def test_no_capability_is_left(probe: Probe) -> None:
    """Root or not, the session has no capability, and no way to new rights."""
    source = """
data = ctypes.create_string_buffer(24)
call(125, 90, (0x20080522).to_bytes(4, "little") + bytes(4), ctypes.addressof(data))
print(data.raw == bytes(24), call(157, 167, 39, 0, 0, 0, 0))
"""
    assert probe.output(source) == "True 1"
