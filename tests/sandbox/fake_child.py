"""A fake child process for a session's client, with a thread of the test at the other end of its socket."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import time

from sandbox.peers import HELLO

from gradjudge.wire.channel import Channel
from gradjudge.wire.forkserver import ForkRefusedError
from gradjudge.wire.messages import Request

IDLE = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
"""A process that sleeps until we end, so that a silent peer's time at work is wall time."""


class FakeChild:
    """A fake of a forked process, controlled by a few variables and a thread at the other end of its socket."""

    def __init__(self, hello: bytes = len(HELLO).to_bytes(4, "big") + HELLO) -> None:
        self.pid = IDLE.pid
        self.wire, self.theirs = socket.socketpair()
        self.theirs.sendall(hello)
        self.exit: int | None = None
        self.kills = 0
        self.stubborn = False
        self.server_gone = False
        self.heard: list[Request] = []
        self.interrupts: queue.Queue[None] = queue.Queue()
        self._channel = Channel(self.theirs)

    def hear(self) -> int:
        """Wait for a request, and return its number."""
        self.heard.append(self._channel.receive("request"))
        return len(self.heard)

    def say(self, data: bytes) -> None:
        """Send bytes, unless the process is gone."""
        with contextlib.suppress(OSError):
            self.theirs.send(data, socket.MSG_NOSIGNAL)

    def say_and_hang_up(self, data: bytes) -> None:
        """Send bytes and close the socket."""
        self.say(data)
        self.hang_up()

    def end(self, waitstatus: int) -> None:
        """End by itself."""
        if self.exit is None:
            self.exit = waitstatus
        self.hang_up()

    def hang_up(self) -> None:
        """Close the socket for both."""
        with contextlib.suppress(OSError):
            self.theirs.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """Die at once, unless the kernel takes long."""
        self.kills += 1
        if not self.stubborn:
            self.end(9)

    def interrupt(self) -> None:
        """Record the interrupt."""
        self.interrupts.put(None)

    def ended(self, seconds: float) -> bool:
        """Tell whether it ended; wait if it only hung up."""
        if self.exit is None and not self.server_gone:
            time.sleep(seconds)
        return self.exit is not None or self.server_gone

    def wait(self, seconds: float) -> int | None:
        """Return the wait status if it ended."""
        if self.server_gone:
            raise ForkRefusedError("gone")
        return self.exit

    def close(self) -> None:
        """Kill it and close the sockets."""
        self.kill()
        self.hang_up()
        self.wire.close()
        self.theirs.close()
