"""Namespaces in this process (quick, no jail), and forked sessions without a jail."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pupils import Pupil, Session, Start

import gradjudge
from gradjudge.wire.forkserver import Child, request_fork

SERVER = """
import json, os, sys
from gradjudge.wire.forkserver import ForkServer
from gradjudge.session.run import notebook
import sklearn.datasets, torch.utils.tensorboard, matplotlib.pyplot
from gradjudge.session.run.serve import serve
notebook.preload()
def child(payload, wire):
    asked = json.loads(payload)
    os.chdir(asked.pop("folder"))
    serve(wire, asked)
ForkServer(int(sys.argv[1])).run(child)
"""


@pytest.fixture
def pupil() -> Iterator[Pupil]:
    """Return a fresh namespace in this process."""
    yield Pupil()
    sys.modules.pop("submission", None)


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[socket.socket]:
    """Start a process with everything imported that forks sessions on request."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    home = str(tmp_path_factory.mktemp("home"))
    server = subprocess.Popen(
        [sys.executable, "-s", "-P", "-B", "-c", SERVER, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        env={
            "PYTHONPATH": str(Path(gradjudge.__file__).parent.parent),
            "HOME": home,
            "IPYTHONDIR": f"{home}/ipython",
            "MPLCONFIGDIR": f"{home}/mpl",
            "PYTHONHASHSEED": "0",
        },
    )
    theirs.close()
    yield ours
    ours.close()
    server.wait(20)
    assert not Path(home, "ipython").exists(), "the shell wrote to the home folder"


@pytest.fixture
def start(control: socket.socket, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a session."""
    children: list[Child] = []

    def begin(kind: str = "notebook", **config: object) -> Session:
        payload = {"folder": str(tmp_path), "kind": kind, "seed": 5, "output_kb": 16, **config}
        children.append(request_fork(control, json.dumps(payload).encode(), seconds=60.0))
        return Session(children[-1], tmp_path)

    yield begin
    for child in children:
        child.close()


@pytest.fixture
def notebook(start: Start) -> Session:
    """Return a notebook's session."""
    return start("notebook")


@pytest.fixture
def script(start: Start) -> Session:
    """Return a script's session."""
    return start("script")
