"""Paths that every session may read: Python, its packages, and what the system's libraries need."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

SYSTEM: Final = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    "/etc/fonts",
    "/etc/mime.types",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/mime",
    "/usr/share/locale",
    "/usr/share/i18n",
    # Libraries size their pools by these; joblib fails if it cannot read its limits.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)
"""Files and folders of the system, if they exist."""

DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
"""Devices that sessions may read and write."""

OWN: Final = ("cmdline", "fd", "io", "limits", "maps", "stat", "statm", "status")
"""What a session may read of its own /proc folder, for libraries: no mounts, sockets or environment."""

_PARTS: Final = ("__init__.py", "wire", "session")


def system_paths() -> list[str]:
    """Return those of `SYSTEM` that exist."""
    return [path for path in SYSTEM if Path(path).exists()]


def python_paths() -> list[str]:
    """Return the folders that this interpreter imports from.

    If gradjudge is imported from a source tree (an editable install), only the parts that a session needs are included:
    hidden tests may lie beside it.
    """
    package = Path(__file__).resolve().parents[2]
    from_source = not any(package.parent.glob("gradjudge-*.dist-info"))
    found: dict[str, None] = {}
    for entry in (sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path):
        path = Path(entry).resolve()
        if entry and path.exists() and not (path == package.parent and from_source):
            found[str(path)] = None
    if not any(package.is_relative_to(folder) for folder in found):
        found.update({str(package / part): None for part in _PARTS})
    return list(found)
