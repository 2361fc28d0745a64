"""The process that sessions are forked from: Python with torch imported, and nothing secret in it.

Run as ``python -s -P -B -m gradjudge.session.run.zygote CONTROL_FD`` by `gradjudge.sandbox.zygote`, in an environment
of listed names. It imports what submissions will import, says so on the control socket, and then only forks.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from gradjudge.session.jail import jail, namespaces, readable
from gradjudge.session.run.serve import serve
from gradjudge.wire.forkserver import ForkServer, die_with_parent

REFUSED_JAIL: Final = 78
"""Exit code of a child whose jail lacks a required layer."""

_PRELOADED: Final = (
    "torch",
    "torch.autograd.gradcheck",
    "torch.optim",
    "torch.utils.data",
    "torch._dynamo",  # the first optimiser that is built imports it: 0.8 s
    "torch.utils.tensorboard",
    "tensorboard.backend.event_processing.event_accumulator",  # by which notebooks look at their own logs
    "sympy",  # so does the first gradcheck: 0.3 s
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib_inline.backend_inline",
    "sklearn.datasets",
)

_WIRE_FD: Final = 3


def main(control_fd: int) -> None:
    """Preload, say ready, and serve forks until the control socket closes."""
    die_with_parent()
    _preload()
    gc.collect()
    gc.freeze()  # children must not copy pages only because the collector marks objects
    paths = readable.python_paths()
    with_namespaces = namespaces.allowed(os.environ["HOME"])
    with socket.socket(fileno=os.dup(control_fd)) as control:
        control.send(json.dumps({"readable": [*readable.system_paths(), *paths]}).encode())
    ForkServer(control_fd).run(partial(_become_session, python_paths=paths, with_namespaces=with_namespaces))


def _preload() -> None:
    """Import what submissions import, as far as this installation has it."""
    for name in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import torch

    from gradjudge.session.run import notebook

    torch.set_num_threads(1)
    notebook.preload()


def _become_session(payload: bytes, wire: socket.socket, *, python_paths: list[str], with_namespaces: bool) -> NoReturn:
    """Be a session: shut every door, tell the other end which ones, and answer its requests."""
    asked = json.loads(payload)
    os.setsid()
    wire = _keep_only(wire)
    _settle(Path(asked["jail"]["scratch"]))
    try:
        layers = _shut_in(jail.Jail(**asked["jail"]), python_paths, with_namespaces=with_namespaces)
    except jail.JailError as error:
        _say(wire, {"error": str(error)})
        os._exit(REFUSED_JAIL)
    _say(wire, {"layers": layers})
    serve(wire, asked["serve"])


def _shut_in(asked: jail.Jail, python_paths: list[str], *, with_namespaces: bool) -> list[str]:
    return jail.apply(asked, python_paths, with_namespaces=with_namespaces) if asked.jailed else []


def _keep_only(wire: socket.socket) -> socket.socket:
    """Close every descriptor but the wire, with nothing to read or write on 0, 1 and 2."""
    os.dup2(wire.detach(), _WIRE_FD, inheritable=False)
    os.closerange(_WIRE_FD + 1, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    return socket.socket(fileno=_WIRE_FD)


def _settle(scratch: Path) -> None:
    """Make the scratch folder the session's home, working folder and place for temporary files."""
    os.chdir(scratch)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = str(scratch)
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "TORCHINDUCTOR_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = str(scratch / ".cache")
    tempfile.tempdir = None  # the zygote's own was remembered
    sys.argv[:] = ["notebook"]


def _say(wire: socket.socket, message: dict[str, Any]) -> None:
    """Send the one frame that comes before the wire protocol: a length of 4 bytes and JSON."""
    data = json.dumps(message).encode()
    with contextlib.suppress(OSError):  # nobody listens: serve() will see it too
        wire.sendall(len(data).to_bytes(4, "big") + data)


if __name__ == "__main__":
    main(int(sys.argv[1]))
