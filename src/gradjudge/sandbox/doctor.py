"""Find out, by trying, which layers of the jail work on this machine, and what to do about the others."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gradjudge.sandbox.policy import FLOOR

_SECONDS: Final = 60.0

_NAMESPACES: Final = (
    "optional. As an ordinary user: allow user namespaces (sysctl user.max_user_namespaces=10000; on Debian "
    "kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0). In a container: "
    "give it CAP_SYS_ADMIN, or a profile that allows unshare and mount."
)

_REMEDIES: Final = {
    "rlimits": "run on Linux, with hard limits (ulimit -H) that are not below those of grading.toml.",
    "no_new_privs": "run on Linux 3.5 or newer.",
    "landlock": (
        "run on Linux 5.13 or newer, built with CONFIG_SECURITY_LANDLOCK and with landlock in the list of "
        "/sys/kernel/security/lsm (add it to lsm= on the kernel's command line). In a container: use a seccomp profile "
        "that lets the landlock_ calls pass (Docker 23 or newer has it)."
    ),
    "seccomp": "run on Linux with CONFIG_SECCOMP_FILTER, on x86_64 or aarch64.",
    "capabilities": "optional.",
    "netns": _NAMESPACES,
    "ipcns": _NAMESPACES,
    "scratchfs": _NAMESPACES,
}

_PURPOSES: Final = {
    "rlimits": "memory, size of files, descriptors",
    "no_new_privs": "no rights to be won; the next two need it",
    "landlock": "which files can be opened",
    "seccomp": "which system calls there are: no socket, no process, no signal to others",
    "capabilities": "root's rights given up",
    "netns": "no network, a second time",
    "ipcns": "no System V segments, a second time",
    "scratchfs": "a scratch folder with an end, which goes with the session",
}


@dataclass(frozen=True)
class Layer:
    """One layer of the jail on this machine.

    Attributes:
        name: as in reports.
        active: whether it came on and stopped the attacks that it must stop.
        required: whether sessions are refused without it.
        detail: its purpose, and what was found.
        remedy: what to do if it is not active.
    """

    name: str
    active: bool
    required: bool
    detail: str
    remedy: str


def examine() -> list[Layer]:
    """Try every layer in a separate process, without torch, within some tenths of a second."""
    found = _probe()
    return [_layer(name, found) for name in _PURPOSES]


def _layer(name: str, found: dict[str, Any]) -> Layer:
    passed = [attack for attack, stopped_by in found.get("passed", {}).items() if stopped_by == name]
    notes = [_PURPOSES[name]]
    if name == "landlock":
        notes.append(f"ABI {found.get('landlock_abi', 0)}, {found.get('kernel', sys.platform)}")
    if name == "seccomp":
        notes.append(str(found.get("machine", "unknown machine")))
    notes += [f"FAILED to stop: {attack}" for attack in passed]
    active = name in found.get("layers", ()) and not passed
    if not active and "error" in found:
        notes.append(str(found["error"]))
    return Layer(name, active, name in FLOOR, "; ".join(notes), "" if active else _REMEDIES[name])


def _probe() -> dict[str, Any]:
    """Run `gradjudge.session.jail.probe` and return what it found, or the error if it could not run."""
    with tempfile.TemporaryDirectory(prefix="gradjudge-") as base:
        folder = Path(base, "scratch")
        folder.mkdir()
        command = [sys.executable, "-s", "-P", "-B", "-m", "gradjudge.session.jail.probe", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
        except subprocess.CalledProcessError as error:
            return {"error": error.stderr.strip().splitlines()[-1] if error.stderr.strip() else str(error)}
        found: dict[str, Any] = json.loads(done.stdout)
    return found
