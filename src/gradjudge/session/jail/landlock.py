"""Landlock: restrict which files this process may open, for good (docs.kernel.org/userspace-api/landlock.html)."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

from gradjudge.session.jail import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG: Final = 1
_PATH_BENEATH: Final = 1

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in (1, 2, 3, 4, 5))
MAKE_DIR, MAKE_REG, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in (7, 8, 13, 14, 15))

_FS_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Number of file rights by ABI; those of later ABIs than the fifth are not used."""
_NET_RIGHTS: Final = 0b11  # bind and connect of TCP, since ABI 4
_SCOPES: Final = 0b11  # abstract unix sockets and signals, since ABI 6

_FILE_RIGHTS: Final = 1 | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Rights that a rule on a non-folder may have (1 is execute)."""

READ: Final = READ_FILE | READ_DIR
WRITE: Final = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
"""For a scratch folder: files and folders, but no links, sockets, pipes or devices."""
DEVICE: Final = READ_FILE | WRITE_FILE
GPU: Final = READ | WRITE_FILE | IOCTL_DEV


def abi() -> int:
    """Return the kernel's Landlock ABI, 0 where there is none."""
    try:
        return kernel.syscall(_CREATE_RULESET, 0, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict(rules: Iterable[tuple[str, int]], *, version: int | None = None) -> int:
    """Deny this process every file except those beneath the paths of `rules`, with the rights given for each.

    Needs no_new_privs. Paths that do not exist are skipped. Where the kernel supports it, also denies TCP, abstract
    sockets and signals to processes outside.

    Args:
        rules: paths and rights.
        version: the ABI to use, by default the kernel's.

    Returns:
        The ABI in use.

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    version = abi() if version is None else version
    known = (1 << _FS_RIGHTS[max(1, min(version, 5))]) - 1
    attributes = struct.pack("QQQ", known, _NET_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(_CREATE_RULESET, attributes, size, 0)
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & known)
        kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE_RIGHTS
        beneath = struct.pack("=Qi", rights, fd)
        kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, beneath, 0)
    finally:
        os.close(fd)
