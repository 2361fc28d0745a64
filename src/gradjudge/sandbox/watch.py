"""Enforce from outside the limits that the kernel's own leave open; time limits are kept by `client`.

RLIMIT_NPROC does not bind root, nothing bounds a folder without a private file system, and CUDA lifts the limit on
address space. So a thread reads each session's figures some twenty times a second, and kills a session in excess.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Final

from gradjudge.sandbox.policy import Limits
from gradjudge.sandbox.scratch import measure
from gradjudge.wire.forkserver import Child

_PERIOD: Final = 0.05
_MB: Final = 1 << 20
_SPARE_MB: Final = 128
"""Resident memory on top of the limit, for library pages that are read in while the session works."""
_MEASURE_SHARE: Final = 0.05
"""Share of the time that measuring the scratch folder may take."""


class ResourceWatch:
    """Watch one session in a thread until closed.

    Attributes:
        verdict: why the session was killed, as (reason, detail), or None.
    """

    def __init__(self, child: Child, limits: Limits, scratch: Path) -> None:
        """Start watching.

        Args:
            child: the session.
            limits: the session's limits.
            scratch: its scratch folder.
        """
        self.verdict: tuple[str, str] | None = None
        self._child = child
        self._limits = limits
        self._scratch = scratch
        self._scratch_due = 0.0
        self._closing = threading.Event()
        self._status = _open_status(child.pid)
        self._resident = self._figures().get("VmRSS", 0)
        self._thread = threading.Thread(target=self._run, name="gradjudge-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        self._thread.join()
        if self._status is not None:
            os.close(self._status)
            self._status = None

    def _run(self) -> None:
        while not self._closing.wait(_PERIOD):
            excess = self._excess()
            if excess is not None:
                self.verdict = excess  # first: the process may end at once
                self._child.kill()
                return

    def _excess(self) -> tuple[str, str] | None:
        """Return the reason and detail if the session exceeds a limit."""
        figures, limits = self._figures(), self._limits
        if figures.get("Threads", 0) > limits.threads:
            return "threads", f"{figures['Threads']} threads, at most {limits.threads}"
        grown = (figures.get("VmRSS", 0) - self._resident) // 1024
        if grown > limits.memory_mb + _SPARE_MB:
            return "memory", f"{grown} MiB in memory, at most {limits.memory_mb}"
        return self._scratch_excess()

    def _scratch_excess(self) -> tuple[str, str] | None:
        began = time.monotonic()
        if began < self._scratch_due:
            return None
        limits = self._limits
        usage = measure(self._scratch, most_entries=limits.files)
        ended = time.monotonic()
        self._scratch_due = ended + (ended - began) / _MEASURE_SHARE
        if usage.entries > limits.files:
            return "disk", f"more than {limits.files} files in the scratch folder"
        if usage.size > limits.scratch_mb * _MB:
            return "disk", f"{usage.size // _MB} MiB in the scratch folder, at most {limits.scratch_mb}"
        return None

    def _figures(self) -> dict[str, int]:
        """Return Threads and VmRSS (KiB) of /proc/PID/status; empty once the process is gone."""
        if self._status is None:
            return {}
        with contextlib.suppress(OSError):
            lines = os.pread(self._status, 4096, 0).decode(errors="replace").splitlines()
            fields = (line.split() for line in lines if line.startswith(("Threads:", "VmRSS:")))
            return {field[0].rstrip(":"): int(field[1]) for field in fields}
        return {}


def _open_status(pid: int) -> int | None:
    """Open a process's status file; the descriptor stays this process's even if its pid is reused."""
    with contextlib.suppress(OSError):
        return os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
    return None
