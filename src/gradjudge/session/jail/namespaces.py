"""Namespaces: no network, no shared System V IPC, and a scratch folder of bounded size.

They need root or user namespaces, and many machines offer neither. Landlock and seccomp are the floor; this is a second
line of defence.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from gradjudge.session.jail import kernel

_NEWNS, _NEWIPC, _NEWUSER, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_OURS: Final = _NEWNS | _NEWIPC | _NEWNET
_NOSUID, _NODEV, _REC, _PRIVATE = 2, 4, 16384, 1 << 18


def allowed(folder: str) -> bool:
    """Try the namespaces in a child, with a private file system over the existing `folder`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(OSError):
            enter(folder, {"scratch_mb": 1, "files": 10})
            code = 0
        os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


def enter(scratch: str, limits: Mapping[str, int]) -> list[str]:
    """Leave the system's network, IPC and mount namespaces, and mount a bounded file system over `scratch`.

    The contents of `scratch` are copied into the new file system, which is invisible to others and ends with the
    process. Returns the names of the layers. Raises OSError.
    """
    layers = _leave()
    _private_scratch(scratch, limits)
    return [*layers, "netns", "ipcns", "scratchfs"]


def _leave() -> list[str]:
    """Unshare as root if that works, otherwise in a user namespace; make all mounts private."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(_OURS)
        layers = []
    except PermissionError:
        kernel.unshare(_OURS | _NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        layers = ["userns"]
    kernel.mount("none", "/", flags=_REC | _PRIVATE)
    return layers


def _private_scratch(scratch: str, limits: Mapping[str, int]) -> None:
    """Mount a file system of the limits' size on `scratch`, with a copy of its contents."""
    old = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    try:
        options = f"size={limits['scratch_mb']}m,nr_inodes={limits['files'] + 1},mode=0700"
        kernel.mount("scratch", scratch, "tmpfs", _NOSUID | _NODEV, options)
        shutil.copytree(f"/proc/self/fd/{old}", scratch, symlinks=True, dirs_exist_ok=True)
        os.chmod(scratch, 0o700)  # noqa: PTH101  # copytree copied the mode too
    finally:
        os.close(old)
    os.chdir(scratch)
