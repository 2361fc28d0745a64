"""Hostile peers: processes that get a session's socket and follow a random script of frames instead of the protocol.

``python peers.py CONTROL_FD`` runs their fork server, without torch or jail; the client's side
(`gradjudge.sandbox.client`, the watcher, the wire) is the real one.
"""

from __future__ import annotations

import marshal
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from gradjudge.wire.forkserver import ForkServer, request_fork

HELLO = b'{"layers": []}'
FIXED = struct.Struct("<III")

Action = tuple[Any, ...]
"""``send``, `bytes`, times; ``dribble``, `bytes`, bytes at a time; ``close``; ``exit``, code; ``wait``."""


def follow(payload: bytes, wire: socket.socket) -> NoReturn:
    """In the child: say hello, and after each request do what the script says; at its end stay silent."""
    script: list[list[Action]] = marshal.loads(payload)
    signal.signal(signal.SIGINT, signal.SIG_IGN if len(script) % 2 else signal.SIG_DFL)
    wire.sendall(len(HELLO).to_bytes(4, "big") + HELLO)
    try:
        for actions in script:
            if actions and actions[0] == ("early",):
                actions = actions[1:]
            else:
                wire.recv(1 << 16)
            for action in actions:
                act(action, wire)
    except OSError:
        pass  # the client has hung up
    while True:
        time.sleep(60)


def act(action: Action, wire: socket.socket) -> None:
    """Carry out one action."""
    kind, *rest = action
    if kind == "send":
        data, times = rest
        for _ in range(times):
            wire.sendall(data)
    elif kind == "dribble":
        data, size = rest
        for start in range(0, len(data), size):
            wire.sendall(data[start : start + size])
            time.sleep(0.0005)
    elif kind == "close":
        wire.close()
    elif kind == "half":
        wire.shutdown(socket.SHUT_WR)
    elif kind == "exit":
        os._exit(rest[0])
    elif kind == "wait":
        time.sleep(60)


class Peers:
    """The fork server of peers, started once."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(theirs.fileno())], pass_fds=(theirs.fileno(),)
        )
        theirs.close()

    def fork(self, script: list[list[Action]]) -> Any:
        """Start a peer that follows a script."""
        return request_fork(self.control, marshal.dumps(script), seconds=60.0)

    def close(self) -> None:
        """End all of them."""
        self.control.close()
        self._process.wait()


def draw_script(rng: random.Random, heads: list[tuple[bytes, list[bytes]]]) -> list[list[Action]]:
    """Draw a script: some replies that may be right, then one protocol error.

    Args:
        rng: random generator.
        heads: heads and blobs of messages, some of them damaged.
    """
    script = [_reply(number + 1, rng, heads) for number in range(rng.randrange(4))]
    number = len(script) + 1
    head, blobs = rng.choice(heads)
    whole = frame(number, head, blobs)
    cut = whole[: rng.randrange(len(whole))]
    wrong: list[list[Action]] = [
        [("send", cut, 1), ("wait",)],
        [("send", cut, 1), ("close",)],
        [("send", cut, 1), ("half",)],
        [("send", cut, 1), ("exit", rng.choice((0, 1, 76)))],
        [("wait",)],
        [("send", whole, 3)],
        [("send", whole + b"\0", 1)],
        [("early",), ("send", whole, 1)],
        [("send", frame(number + rng.choice((-1, 1, 1 << 31)), head, blobs), 1)],
        [("send", FIXED.pack(number, (1 << 32) - 1, 0), 1)],
        [("send", FIXED.pack(number, 1 << 20, 20_000), 1), ("wait",)],
        [("send", FIXED.pack(number, 10, 1) + struct.pack("<Q", 1 << rng.choice((28, 29, 62))), 1), ("wait",)],
        [("send", FIXED.pack(number, 10, 2) + struct.pack("<QQ", 1 << 28, 1 << 28) + b"x" * 99, 1), ("wait",)],
        [("send", FIXED.pack(number, len(head) + 1, len(blobs)) + whole[12:], 1), ("wait",)],
        [("send", FIXED.pack(number, max(len(head) - 1, 0), len(blobs)) + whole[12:], 1)],
        [("send", rng.randbytes(rng.randrange(1, 3000)), 1), ("wait",)],
        [("send", bytes(1 << 15), 20_000)],
        [("send", whole, 100_000)],
        [("dribble", whole[:600], 1), ("wait",)],
    ]
    return [*script, rng.choice(wrong)]


def _reply(number: int, rng: random.Random, heads: list[tuple[bytes, list[bytes]]]) -> list[Action]:
    """Answer with a valid frame around a message that may be damaged, at once or piece by piece."""
    whole = frame(number, *rng.choice(heads))
    if rng.random() < 0.3:
        return [("dribble", whole, max(1, len(whole) // rng.randint(1, 40)))]
    return [("send", whole, 1)]


def frame(number: int, head: bytes, blobs: list[bytes]) -> bytes:
    """Frame a message."""
    sizes = b"".join(struct.pack("<Q", len(blob)) for blob in blobs)
    return FIXED.pack(number % (1 << 32), len(head), len(blobs)) + sizes + head + b"".join(blobs)


if __name__ == "__main__":
    ForkServer(int(sys.argv[1])).run(follow)
