"""The process that sessions are forked from: Python with torch imported and no secrets in memory.

`gradjudge.sandbox.zygote` runs ``python -s -P -B -m gradjudge.session.run.zygote CONTROL_FD`` with an allow-listed
environment. It imports what submissions will import, reports ready on the control socket, and then only forks.
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
    "torch._dynamo",  # imported by the first optimiser: 0.8 s
    "torch.utils.tensorboard",
    "tensorboard.backend.event_processing.event_accumulator",  # used by notebooks to read their own logs
    "sympy",  # imported by the first gradcheck: 0.3 s
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib_inline.backend_inline",
    "sklearn.datasets",
)

_WIRE_FD: Final = 3


def main(control_fd: int) -> None:
    """Preload, report ready, and serve forks until the control socket closes."""
    die_with_parent()
    _preload()
    gc.collect()
    gc.freeze()  # otherwise the children's collector would touch, and so copy, shared pages
    paths = readable.python_paths()
    with_namespaces = namespaces.allowed(os.environ["HOME"])
    with socket.socket(fileno=os.dup(control_fd)) as control:
        control.send(json.dumps({"readable": [*readable.system_paths(), *paths]}).encode())
    ForkServer(control_fd).run(partial(_become_session, python_paths=paths, with_namespaces=with_namespaces))


def _preload() -> None:
    """Import what submissions import, if installed."""
    for name in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import torch

    from gradjudge.session.run import notebook

    torch.set_num_threads(1)
    notebook.preload()


def _become_session(payload: bytes, wire: socket.socket, *, python_paths: list[str], with_namespaces: bool) -> NoReturn:
    """In the child: apply the jail, report its layers, and answer requests."""
    asked = json.loads(payload)
    os.setsid()
    wire = _keep_only(wire)
    wanted = jail.Jail(**asked["jail"])
    _make_home(Path(wanted.scratch))
    try:
        layers = jail.apply(wanted, python_paths, with_namespaces=with_namespaces) if wanted.jailed else []
    except jail.JailError as error:
        _send_hello(wire, {"error": str(error)})
        os._exit(REFUSED_JAIL)
    _send_hello(wire, {"layers": layers})
    serve(wire, asked["serve"])


def _keep_only(wire: socket.socket) -> socket.socket:
    """Close every descriptor but the wire, and put /dev/null on 0, 1 and 2."""
    os.dup2(wire.detach(), _WIRE_FD, inheritable=False)
    os.closerange(_WIRE_FD + 1, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    return socket.socket(fileno=_WIRE_FD)


def _make_home(scratch: Path) -> None:
    """Make the scratch folder the session's home, working and temporary folder."""
    os.chdir(scratch)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = str(scratch)
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "TORCHINDUCTOR_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = str(scratch / ".cache")
    tempfile.tempdir = None  # forget the zygote's
    sys.argv[:] = ["notebook"]


def _send_hello(wire: socket.socket, message: dict[str, Any]) -> None:
    """Send the frame before the wire protocol: a 4-byte big-endian length and JSON."""
    data = json.dumps(message).encode()
    with contextlib.suppress(OSError):  # the client is gone, as serve() will notice too
        wire.sendall(len(data).to_bytes(4, "big") + data)


if __name__ == "__main__":
    main(int(sys.argv[1]))
