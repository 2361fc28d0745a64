"""The main loop of a session: read a request, answer it, until the other end hangs up."""

from __future__ import annotations

import fcntl
import os
import resource
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from gradjudge.session.answer.answers import Answers, Namespace, too_large
from gradjudge.session.run import cells, shims
from gradjudge.session.run.annotations import load_modules_of
from gradjudge.wire.channel import Channel
from gradjudge.wire.limits import OUT_OF_MEMORY, TooLargeError, WireError
from gradjudge.wire.messages import Reply

BAD_REQUEST: Final = 76
"""Exit code of a session that received an invalid request."""

_BELOW_LIMIT: Final = 16
"""Distance of the wire's descriptor from the limit on descriptors, far from those that the student's code opens."""


def serve(sock: socket.socket, config: Mapping[str, Any]) -> NoReturn:
    """Answer requests from `sock` until it is closed; then exit without running exit handlers.

    Args:
        sock: connected ``AF_UNIX`` ``SOCK_STREAM`` socket.
        config: ``kind`` ("notebook" or "script"), ``seed`` (int), ``output_kb`` (int), ``device`` ("cpu" or "cuda"),
            ``main`` (str): the name by which companions may import a script.
    """
    try:
        channel = Channel(_to_high_descriptor(sock))
        namespace = _open_namespace(config)
        answers = Answers(namespace, channel.limits, device=str(config.get("device", "cpu")))
        while True:
            request = channel.receive("request")
            _send(channel, answers.answer(request))
    except EOFError:
        os._exit(0)
    except WireError:
        os._exit(BAD_REQUEST)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _send(channel: Channel, reply: Reply) -> None:
    try:
        channel.send(reply)
    except TooLargeError as error:
        channel.send(too_large(error))


def _open_namespace(config: Mapping[str, Any]) -> Namespace:
    """Prepare the process and make the namespace that the submission runs in."""
    shims.install()
    load_modules_of(Path.cwd())
    sys.path.append(str(Path.cwd()))  # companions: last, so that none hides an installed module
    output_kb = int(config.get("output_kb", cells.OUTPUT_KB))
    cells.seed_all(int(config.get("seed", 0)))
    if config.get("kind") == "script":
        from gradjudge.session.run.script import ScriptNamespace

        return ScriptNamespace(output_kb=output_kb, own_process=True, name=str(config.get("main", "")))
    from gradjudge.session.run.notebook import NotebookNamespace

    return NotebookNamespace(output_kb=output_kb, own_process=True)


def _to_high_descriptor(sock: socket.socket) -> socket.socket:
    """Move a socket to a high descriptor, which opening files does not reach."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    descriptor = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, max(min(limit, 4096) - _BELOW_LIMIT, 3))
    sock.close()
    return socket.socket(fileno=descriptor)
