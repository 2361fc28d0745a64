"""Students for tests of sessions: a namespace in this process, and a client of a session in another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from gradjudge.session.answer.answers import Answers
from gradjudge.session.run.script import ScriptNamespace
from gradjudge.wire.channel import Channel, Patience
from gradjudge.wire.forkserver import Child
from gradjudge.wire.messages import CellDone, Reply, Request, RunCell


def soon(seconds: float = 60.0) -> Patience:
    """Return a patience that ends in so many seconds."""
    ends = time.monotonic() + seconds

    def patience() -> float:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    return patience


class Pupil:
    """A script's namespace in this process, and its answers."""

    def __init__(self) -> None:
        self.namespace = ScriptNamespace()
        self.answers = Answers(self.namespace)
        self._index = 0

    def ask(self, request: Request) -> Reply:
        """Ask one request."""
        return self.answers.answer(request)

    def run(self, source: str) -> CellDone:
        """Run one piece."""
        self._index += 1
        done = self.ask(RunCell(self._index, source, "python"))
        assert isinstance(done, CellDone)
        return done

    def define(self, source: str) -> None:
        """Run one piece that must not fail."""
        done = self.run(source)
        assert done.error is None, done.error.text


class Session:
    """A session in a process of its own."""

    def __init__(self, child: Child, folder: Path) -> None:
        self.child = child
        self.folder = folder
        self._channel = Channel(child.wire)
        self._index = 0

    def ask(self, request: Request, seconds: float = 60.0) -> Reply:
        """Ask one request."""
        self.send(request)
        return self.receive(seconds)

    def send(self, request: Request) -> None:
        """Send a request without waiting."""
        self._channel.send(request)

    def receive(self, seconds: float = 60.0) -> Reply:
        """Wait for the answer."""
        return self._channel.receive("reply", patience=soon(seconds))

    def run(self, source: str, mode: str = "ipython") -> CellDone:
        """Run one cell."""
        self._index += 1
        done = self.ask(RunCell(self._index, source, mode))
        assert isinstance(done, CellDone)
        return done

    def exit_code(self) -> int:
        """Wait for the process to end, and return its exit code."""
        status = self.child.wait(20.0)
        assert status is not None
        return os.waitstatus_to_exitcode(status)


Start = Callable[..., Session]
"""Starts a session with the given configuration."""
