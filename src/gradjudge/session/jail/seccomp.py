"""The system call filter: our own BPF, installed with prctl, so that no library is needed.

A filter sees numbers, not what pointers point at: paths are left to Landlock (`gradjudge.session.jail.landlock`), and
a call with arguments behind pointers is refused altogether if they could do harm.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from typing import Final

from gradjudge.session.jail import kernel, syscalls

Program = list[tuple[int, int, int, int]]
"""BPF instructions: code, jump if true, jump if false, constant."""

_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_KILL: Final = 0x80000000
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000  # with 0 as errno: the call returns 0 and is not made

_AUDIT_MACHINE: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_CLONE_THREAD: Final = 0x00010000
_CLONE_NAMESPACES: Final = 0x7E020080
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE = 1, 1, 0xF

# Excluded: F_SETOWN and F_SETSIG, which send any signal to any process of the same user; leases and F_NOTIFY;
# F_SETPIPE_SZ, which uses up the budget that all of the user's pipes share.
_FCNTL: Final = (0, 1, 2, 3, 4, 5, 36, 1030, 1032)
# F_SETLK, F_SETLKW and their F_OFD_ versions: see `gradjudge.session.jail.syscalls.PRETENDED`.
_FCNTL_PRETENDED: Final = (6, 7, 37, 38)
_IOCTL: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)  # TCGETS, TIOCGWINSZ, FIO*, TCGETS2
# Names, timer slack, huge pages, names of mappings, and queries. Excluded: PR_SET_PDEATHSIG and PR_SET_DUMPABLE, with
# which a session could outlive the zygote or open its memory to others.
_PRCTL: Final = (2, 3, 15, 16, 21, 23, 29, 30, 39, 41, 42, 51, 0x53564D41)


def install(*, truncate: bool, any_ioctl: bool) -> None:
    """Filter this process's system calls, for good. Needs no_new_privs and a single thread.

    Args:
        truncate: allow truncate(2); only where Landlock covers it (ABI 3).
        any_ioctl: allow every ioctl, as a GPU's driver needs; Landlock then restricts the devices.

    Raises:
        OSError: the kernel refuses.
        KeyError: the machine is unknown.
    """
    filter_ = program(platform.machine(), os.getpid(), truncate=truncate, any_ioctl=any_ioctl)
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in filter_)
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxQ", len(filter_), ctypes.addressof(instructions))
    kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, header)


def program(machine: str, pid: int, *, truncate: bool, any_ioctl: bool) -> Program:
    """Return the filter for one process."""
    checked = _checks(pid, truncate=truncate, any_ioctl=any_ioctl)
    numbers = syscalls.numbers(syscalls.CHECKED, machine)
    result = [
        (_LOAD, 0, 0, _MACHINE_AT),
        *_if_equal_skip(_AUDIT_MACHINE[machine], _return(_KILL)),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for name, number in numbers.items():
        body = checked[name]
        result += [(_JUMP_EQUAL, 0, len(body), number), *body]
    return result + _by_table(machine)


def _by_table(machine: str) -> Program:
    """Decide by number alone: one comparison per run of numbers with the same answer, lowest first."""
    answers = dict.fromkeys(syscalls.numbers(syscalls.ALLOWED, machine).values(), _ALLOW)
    answers.update(dict.fromkeys(syscalls.numbers(syscalls.PRETENDED, machine).values(), _ERRNO))
    answers.update(dict.fromkeys(syscalls.numbers(syscalls.REFUSED, machine).values(), _ERRNO | errno.EPERM))
    absent = _ERRNO | errno.ENOSYS
    result: Program = []
    for number in range(max(answers) + 1):
        answer = answers.get(number, absent)
        if answer != answers.get(number + 1, absent):
            result += [(_JUMP_AT_LEAST, 1, 0, number + 1), *_return(answer)]
    return result + _return(absent)


def _checks(pid: int, *, truncate: bool, any_ioctl: bool) -> dict[str, Program]:
    """Return, for each name of `syscalls.CHECKED`, instructions that always end in an answer."""
    own_only = [*_load(0), *_allow_if(pid), *_refuse(errno.EPERM)]
    own_or_zero = [*_load(0), *_allow_if(pid), *_allow_if(0), *_refuse(errno.EPERM)]
    return {
        "open": _open_check(1),
        "openat": _open_check(2),
        "truncate": _return(_ALLOW) if truncate else _refuse(errno.EPERM),
        "fcntl": [
            *_load(1),
            *_allow_any(_FCNTL),
            *(step for command in _FCNTL_PRETENDED for step in _if_equal(command, _return(_ERRNO))),
            *_refuse(errno.EINVAL),
        ],
        "ioctl": _return(_ALLOW) if any_ioctl else [*_load(1), *_allow_any(_IOCTL), *_refuse(errno.ENOTTY)],
        "prctl": [*_load(0), *_allow_any(_PRCTL), *_refuse(errno.EINVAL)],
        # Threads only. clone3 takes its flags by pointer and is not in the tables; glibc falls back to clone.
        "clone": [
            *_load(0),
            (_JUMP_ANY_BIT, 1, 0, _CLONE_THREAD),
            *_refuse(errno.EPERM),
            (_JUMP_ANY_BIT, 0, 1, _CLONE_NAMESPACES),
            *_refuse(errno.EPERM),
            *_return(_ALLOW),
        ],
        "kill": own_only,
        "tkill": own_only,
        "tgkill": own_only,
        "prlimit64": own_or_zero,
        "sched_setaffinity": own_or_zero,
        "socket": _refuse(errno.EAFNOSUPPORT),
        # asyncio needs one. Only streams: a datagram socket could be reconnected to somebody else.
        "socketpair": [
            *_load(0),
            *_if_equal_skip(_AF_UNIX, _refuse(errno.EAFNOSUPPORT)),
            *_load(1),
            (_AND, 0, 0, _SOCK_TYPE),
            *_allow_if(_SOCK_STREAM),
            *_refuse(errno.EPROTONOSUPPORT),
        ],
        "sendto": [
            *_load(4),
            *_if_equal_skip(0, _refuse(errno.EPERM)),
            *_load(4, high=True),
            *_if_equal_skip(0, _refuse(errno.EPERM)),
            *_return(_ALLOW),
        ],
    }


def _open_check(flags_argument: int) -> Program:
    """Refuse O_TRUNC without write access: before ABI 3, Landlock allows it for readable files."""
    asked = os.O_TRUNC | os.O_ACCMODE
    return [
        *_load(flags_argument),
        (_AND, 0, 0, asked),
        *_if_equal(os.O_TRUNC | os.O_RDONLY, _refuse(errno.EPERM)),
        *_if_equal(asked, _refuse(errno.EPERM)),
        *_return(_ALLOW),
    ]


def _load(argument: int, *, high: bool = False) -> Program:
    """Load one half of an argument; the low half is enough where the kernel reads an int."""
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument + 4 * high)]


def _return(answer: int) -> Program:
    return [(_RETURN, 0, 0, answer)]


def _refuse(number: int) -> Program:
    return _return(_ERRNO | number)


def _if_equal(value: int, then: Program) -> Program:
    return [(_JUMP_EQUAL, 0, len(then), value), *then]


def _if_equal_skip(value: int, otherwise: Program) -> Program:
    return [(_JUMP_EQUAL, len(otherwise), 0, value), *otherwise]


def _allow_if(value: int) -> Program:
    return _if_equal(value, _return(_ALLOW))


def _allow_any(values: Iterable[int]) -> Program:
    return [instruction for value in values for instruction in _allow_if(value)]
