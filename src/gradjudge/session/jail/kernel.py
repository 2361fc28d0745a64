"""System calls without a Python function."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *args: int | bytes) -> int:
    """Call prctl(2) with up to four arguments, passing bytes by address. Raise OSError."""
    values = [*_arguments(args), *_arguments((0, 0, 0, 0))][:4]
    return _checked(_LIBC.prctl(option, *values), f"prctl({option})")


def syscall(number: int, *args: int | bytes) -> int:
    """Make a system call by number, passing ints as 64 bits and bytes by address. Raise OSError."""
    return _checked(_LIBC.syscall(ctypes.c_long(number), *_arguments(args)), f"system call {number}")


def _arguments(args: tuple[int | bytes, ...]) -> list[ctypes.c_char_p | ctypes.c_ulong]:
    return [ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_ulong(value) for value in args]


def unshare(flags: int) -> None:
    """Call unshare(2). Raise OSError."""
    _checked(_LIBC.unshare(flags), f"unshare({flags:#x})")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Call mount(2). Raise OSError."""
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode() or None)
    _checked(_LIBC.mount(*arguments, ctypes.c_ulong(flags), options.encode() or None), f"mount on {target}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
