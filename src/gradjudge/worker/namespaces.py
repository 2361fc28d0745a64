"""Namespaces: no network, no shared System V, a scratch folder with an end, and, hardened, a world of its own.

Everything here needs either root or user namespaces; many machines give neither. Landlock and seccomp are the floor;
this is a second wall behind them.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from gradjudge.forkserver import die_with_parent
from gradjudge.worker import kernel

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_CHEAP: Final = _NEWNS | _NEWIPC | _NEWNET
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_NOBODY: Final = 65534
_SYS_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}


def allowed(folder: str) -> bool:
    """Try the cheap namespaces in a child, with a private file system over the existing `folder`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(OSError):
            enter(folder, {"scratch_mb": 1, "files": 10})
            code = 0
        os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


def enter(scratch: str, limits: Mapping[str, int]) -> list[str]:
    """Leave the network, System V and the mounts of the system; put a bounded file system over `scratch`.

    What is in `scratch` is copied into the new file system, which nobody else sees and which goes with the process.
    Returns the names of the layers. Raises OSError.
    """
    layers = _leave(_CHEAP)
    _private_scratch(scratch, scratch, limits)
    return [*layers, "netns", "ipcns", "scratchfs"]


def enter_hardened(
    scratch: str, limits: Mapping[str, int], readable: Sequence[str], devices: Sequence[str]
) -> list[str]:
    """Do what `enter` does in a root folder that holds nothing but `readable` and `devices`, and in a pid namespace.

    Returns, in a new process that is alone in its pid namespace, the names of the layers; the process that called
    stays behind to pass on the interrupt and the exit status. For root, the new process is an ordinary user.
    Raises OSError.
    """
    layers = _leave(_CHEAP | _NEWPID)
    mask = os.umask(0o022)  # the session may become another user, who must be able to walk through the root
    _enter_root(_build_root(scratch, limits, readable, devices))
    os.umask(mask)
    os.chdir(scratch)
    _fork_inside()
    if "userns" not in layers:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        layers.append("setuid")
    return [*layers, "netns", "ipcns", "scratchfs", "root", "pidns"]


def _leave(flags: int) -> list[str]:
    """Unshare, as root where that works, in a user namespace otherwise; keep all mounts to ourselves."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(flags)
        layers = []
    except PermissionError:
        kernel.unshare(flags | _NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        layers = ["userns"]
    kernel.mount("none", "/", flags=_REC | _PRIVATE)
    return layers


def _private_scratch(source: str, target: str, limits: Mapping[str, int]) -> None:
    """Mount a file system with the limits' size on `target`, with a copy of what is in `source`."""
    old = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    try:
        options = f"size={limits['scratch_mb']}m,nr_inodes={limits['files'] + 1},mode=0700"
        kernel.mount("scratch", target, "tmpfs", _NOSUID | _NODEV, options)
        shutil.copytree(f"/proc/self/fd/{old}", target, symlinks=True, dirs_exist_ok=True)
        os.chmod(target, 0o700)  # noqa: PTH101  # copytree took the mode of the folder that it copied
    finally:
        os.close(old)
    os.chdir(target)


# --- hardened -------------------------------------------------------------------------------------------------------


def _build_root(scratch: str, limits: Mapping[str, int], readable: Sequence[str], devices: Sequence[str]) -> str:
    """Mount a new root over the folder that holds the scratch folders; return its path."""
    old = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    root = str(Path(scratch).parent)
    kernel.mount("root", root, "tmpfs", _NOSUID, "size=1m,mode=0755")
    for path in _outermost(readable):
        _bind(path, root + path, read_only=True)
    for path in devices:
        _bind(path, root + path, read_only=False)
    target = Path(root + scratch)
    target.mkdir(parents=True)
    _private_scratch(f"/proc/self/fd/{old}", str(target), limits)
    os.close(old)
    if os.geteuid() == 0:
        for entry in (target, *target.rglob("*")):
            os.chown(entry, _NOBODY, _NOBODY, follow_symlinks=False)
    return root


def _outermost(paths: Sequence[str]) -> list[str]:
    """Leave out what lies in another one."""
    kept: list[str] = []
    for path in sorted({path for path in paths if Path(path).exists()}):
        if not any(path == outer or path.startswith(outer + "/") for outer in kept):
            kept.append(path)
    return kept


def _bind(source: str, target: str, *, read_only: bool) -> None:
    """Show `source` at `target`, which is made."""
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    kernel.mount(source, target, flags=_BIND | _REC)
    if read_only:
        # A user namespace may not loosen what the mount came with; those flags have the same bits in statvfs.
        kept = os.statvfs(target).f_flag & (_NOSUID | _NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
        kernel.mount("none", target, flags=_BIND | _REMOUNT | _RDONLY | _NOSUID | kept)


def _enter_root(root: str) -> None:
    """Make `root` the root folder and forget the old one (pivot_root(2), "pivot_root(".", ".")")."""
    os.chdir(root)
    kernel.syscall(_SYS_PIVOT_ROOT[os.uname().machine], b".", b".")
    kernel.detach_mount(".")
    os.chdir("/")


def _fork_inside() -> None:
    """Return in a child, the first process of the new pid namespace; the parent stands by and never returns."""
    signals = {signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    pid = os.fork()
    if pid != 0:
        _stand_by(pid)
    die_with_parent()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _stand_by(inner: int) -> NoReturn:
    """Pass the interrupt on to `inner`, then end as it ends. Hold no descriptor: the wire must close with `inner`."""
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    while True:
        if signal.sigwait({signal.SIGINT, signal.SIGCHLD}) == signal.SIGINT:
            os.kill(inner, signal.SIGINT)
        pid, waitstatus = os.waitpid(inner, os.WNOHANG)
        if pid:
            break
    code = os.waitstatus_to_exitcode(waitstatus)
    if code < 0:
        with suppress(OSError):  # SIGKILL has no disposition to reset
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
        os.kill(os.getpid(), -code)
    os._exit(code)
