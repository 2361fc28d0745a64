"""Apply the jail: every layer is a function, and `apply` returns the layers that are really on.

The session applies its jail itself, before any code of a submission runs. No layer can be removed again by the
process, its threads or its children.
"""

from __future__ import annotations

import os
import resource
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gradjudge.session.jail import kernel, landlock, namespaces, readable, seccomp
from gradjudge.wire.forkserver import die_with_parent

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CAPSET_VERSION_3: Final = 0x20080522
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_MB: Final = 1 << 20
_SPARE_ADDRESSES: Final = 256 * _MB
"""Address space on top of the memory limit, for mappings that stay mostly empty: libraries, thread stacks, arenas."""
_STACK: Final = 8 * _MB
_SIGNALS: Final = 256
"""Limit on pending signals, which timers count against as well."""
_ABI_WITH_TRUNCATE: Final = 3


class JailError(Exception):
    """A required layer is not available on this machine."""


@dataclass(frozen=True)
class Jail:
    """What `apply` must do; for the fields see `gradjudge.sandbox.policy.Policy`."""

    scratch: str
    required: Sequence[str]
    limits: Mapping[str, int]
    namespaces: bool = True
    jailed: bool = True
    without: Sequence[str] = ()
    device: str = "cpu"


def apply(jail: Jail, python_paths: Sequence[str], *, with_namespaces: bool) -> list[str]:
    """Jail this process and return the layers that are on, in order.

    Args:
        jail: what to allow.
        python_paths: where this interpreter imports from.
        with_namespaces: the result of `gradjudge.session.jail.namespaces.allowed`.

    Raises:
        JailError: a layer in ``jail.required`` could not be applied.
    """
    paths = [*readable.system_paths(), *python_paths]
    active = _layer(jail, "rlimits", lambda: _limit_resources(jail))
    if jail.namespaces and with_namespaces:
        active += namespaces.enter(jail.scratch, jail.limits)
    if "userns" in active:
        # Without a user namespace this limit counts all of the user's processes, and never root's: there the watcher
        # counts threads.
        resource.setrlimit(resource.RLIMIT_NPROC, (jail.limits["threads"],) * 2)
    active += _layer(jail, "no_new_privs", lambda: kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1))
    active += _layer(jail, "landlock", lambda: landlock.restrict(_rules(jail, paths)))
    active += _layer(jail, "capabilities", _drop_capabilities)
    # No core files, not even through a pipe; other processes of the same user cannot read its memory.
    kernel.prctl(_PR_SET_DUMPABLE, 0)
    die_with_parent()  # again: the change of credentials has cancelled it
    active += _layer(jail, "seccomp", lambda: _filter_calls(jail, active))
    for name in jail.required:
        if name not in active:
            raise JailError(f"layer {name!r} is required and not among those of this machine: {', '.join(active)}")
    return active


def _layer(jail: Jail, name: str, turn_on: Callable[[], object]) -> list[str]:
    """Turn a layer on and return ``[name]``; ``[]`` if it must be left off, or is unavailable and not required."""
    if name in jail.without:
        return []
    try:
        turn_on()
    except (OSError, KeyError, ValueError) as error:
        if name in jail.required:
            raise JailError(f"layer {name!r} is required and cannot be turned on: {error}") from error
        return []
    return [name]


def _limit_resources(jail: Jail) -> None:
    """Set the rlimits; memory is limited to present use plus the budget."""
    limits = jail.limits
    pages = [int(field) for field in Path("/proc/self/statm").read_text().split()]
    page = resource.getpagesize()
    budget = limits["memory_mb"] * _MB
    soft_and_hard = {
        resource.RLIMIT_DATA: pages[5] * page + budget,
        resource.RLIMIT_FSIZE: limits["file_mb"] * _MB,
        resource.RLIMIT_NOFILE: limits["descriptors"],
        resource.RLIMIT_STACK: _STACK,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: _SIGNALS,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_NICE: 0,
    }
    if jail.device != "cuda":  # CUDA reserves addresses by the terabyte
        soft_and_hard[resource.RLIMIT_AS] = pages[0] * page + budget + _SPARE_ADDRESSES
    for which, value in soft_and_hard.items():
        most = resource.getrlimit(which)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(which, (value, value))


def _rules(jail: Jail, paths: Sequence[str]) -> list[tuple[str, int]]:
    """Return what may be opened: readable paths, devices, the session's own /proc files and its scratch folder."""
    if not Path(jail.scratch).is_dir():
        raise OSError(f"there is no scratch folder {jail.scratch}")
    device_rights = landlock.GPU if jail.device == "cuda" else landlock.DEVICE
    return [
        *((path, landlock.READ) for path in paths),
        *((path, device_rights) for path in _devices(jail)),
        # Rules hold for these files, not their names: a later process with the same pid stays closed.
        *((f"/proc/{os.getpid()}/{name}", landlock.READ) for name in readable.OWN),
        (jail.scratch, landlock.WRITE),
    ]


def _devices(jail: Jail) -> list[str]:
    """Return the devices to open for reading and writing."""
    plain = [path for path in readable.DEVICES if Path(path).exists()]
    return plain + ([str(path) for path in Path("/dev").glob("nvidia*")] if jail.device == "cuda" else [])


def _drop_capabilities() -> None:
    """Drop every capability, for good: no_new_privs is on and there is no exec."""
    header = struct.pack("=Ii", _CAPSET_VERSION_3, 0)
    kernel.syscall(_CAPSET[os.uname().machine], header, bytes(24))


def _filter_calls(jail: Jail, active: Sequence[str]) -> None:
    truncate = "landlock" in active and landlock.abi() >= _ABI_WITH_TRUNCATE
    seccomp.install(truncate=truncate, any_ioctl=jail.device == "cuda")
