"""Try the jail on this machine: ``python -m gradjudge.session.jail.probe FOLDER`` prints the result as JSON.

A forked child, without torch, turns on the layers and then attempts what they must stop.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradjudge.session.jail import jail, landlock, namespaces, readable

_LIMITS = {"memory_mb": 256, "scratch_mb": 1, "files": 10, "file_mb": 1, "descriptors": 64, "threads": 16}


def examine(folder: str) -> dict[str, Any]:
    """Return facts about the machine, the layers that came on and the attacks that passed.

    Args:
        folder: an empty folder under one of our own.
    """
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "landlock_abi": landlock.abi(),
        **_in_child(lambda: _jailed(folder)),
    }


def _jailed(folder: str) -> dict[str, Any]:
    asked = jail.Jail(scratch=folder, required=(), limits=_LIMITS)
    layers = jail.apply(asked, readable.python_paths(), with_namespaces=namespaces.allowed(folder))
    attacks: dict[str, tuple[str, Callable[[], object]]] = {
        "read a file outside": ("landlock", lambda: Path("/etc/passwd").read_bytes()),
        "list a folder outside": ("landlock", lambda: os.scandir("/").close()),
        "open a socket": ("seccomp", lambda: socket.socket().close()),
        "start a process": ("seccomp", _fork),
        "reach another process": ("seccomp", lambda: os.kill(os.getppid(), 0)),
    }
    return {"layers": layers, "passed": {name: layer for name, (layer, act) in attacks.items() if _passes(act)}}


def _passes(attack: Callable[[], object]) -> bool:
    try:
        attack()
    except OSError:
        return False
    return True


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of `work` in a forked child, or its error."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  # reported to the parent
            result = {"error": f"{type(error).__name__}: {error}"}
        os.write(theirs, json.dumps(result).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read()
    os.wait()
    result = json.loads(said or b'{"error": "it ended without a word"}')
    return dict(result)


if __name__ == "__main__":
    print(json.dumps(examine(sys.argv[1])))
