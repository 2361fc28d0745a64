"""Distinguish a machine short of memory or disk from a submission that uses too much."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gradjudge.sandbox.policy import Limits
from gradjudge.sandbox.scratch import measure

_MB: Final = 1 << 20


def oom_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory; 0 if it does not count."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def scratch_trouble(scratch: Path, limits: Limits, *, private: bool) -> str:
    """Return why a session cannot use its scratch folder up to its limits; "" if it can.

    Args:
        scratch: the session's folder, as seen from outside.
        limits: the session's limits.
        private: whether it is a file system of the session's own, so that a full disk does not matter.
    """
    if not scratch.is_dir():
        return f"the scratch folder {scratch} is gone: somebody has removed it"
    if private:
        return ""
    disk = os.statvfs(scratch)
    free, files = disk.f_bavail * disk.f_frsize, disk.f_favail
    counted = disk.f_files > 0  # some file systems do not limit inodes
    if free >= limits.scratch_mb * _MB and (files >= limits.files or not counted):
        return ""
    held = measure(scratch, most_entries=limits.files)  # what the session itself has used
    if free + held.size < limits.scratch_mb * _MB or (counted and files + held.entries < limits.files):
        return f"the disk with the scratch folder {scratch} is full: a session may use {limits.scratch_mb} MiB of it"
    return ""
