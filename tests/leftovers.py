"""What a run leaves behind: processes that lost their parent, and files with a telling name."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
#: Folders that any process may write to.
_PUBLIC = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run/lock"))


def adopt_orphans() -> None:
    """Become the parent of every orphaned descendant, so that none is overlooked."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children(pid: int | None = None) -> set[int]:
    """Return the living processes whose parent is `pid`, by default this one."""
    found, parent = set(), os.getpid() if pid is None else pid
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.add(int(stat.parent.name))
    return found


def command_line(pid: int) -> str:
    """Return the command line of a process; empty if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def orphans(before: set[int], seconds: float = 60.0) -> list[str]:
    """Wait for processes that are new to end; describe those that do not."""
    ends = time.monotonic() + seconds
    while more := children() - before:
        if time.monotonic() > ends:
            return [f"{pid}: {command_line(pid)}" for pid in more]
        time.sleep(0.05)
    return []


def planted(root: Path, *, except_for: Path) -> list[str]:
    """Return what has "planted" in its name, like everything that hostile submissions leave behind.

    Looks under `root`, at the top of public folders, and among the sockets that have no file.
    """
    found = [str(path) for path in root.rglob("*planted*") if except_for not in path.parents]
    found += [str(path) for folder in (*_PUBLIC, Path.cwd()) for path in folder.glob("*planted*")]
    return found + [line for line in Path("/proc/net/unix").read_text().splitlines() if "planted" in line]
