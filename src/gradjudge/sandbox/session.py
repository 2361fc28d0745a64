"""Ask a session, and never wait for it longer than was said."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any, Final, Protocol

from gradjudge.errors import CourseError, InternalError
from gradjudge.forkserver import Child, ForkRefusedError, from_outside
from gradjudge.sandbox.machine import oom_kills, scratch_trouble
from gradjudge.sandbox.policy import Policy
from gradjudge.sandbox.scratch import remove_scratch
from gradjudge.sandbox.watch import Watch
from gradjudge.wire.channel import Channel
from gradjudge.wire.limits import OUT_OF_MEMORY, WireError, WireLimits
from gradjudge.wire.messages import FITTING, Drop, Reply, Request

_HELLO_SECONDS: Final = 30.0
_HELLO_LIMIT: Final = 1 << 16
_END_SECONDS: Final = 1.0
"""How long a session that hung up may take to end, and how long after the kill we still listen."""


class SessionLost(Exception):
    """Report that a session ended, or had to be killed. It answers no more.

    Attributes:
        reason: ``"timed-out"``, ``"crashed"``, ``"killed"`` (by a signal that we did not send), ``"protocol"`` (it
            said what no session says), ``"memory"``, ``"threads"`` or ``"disk"``.
        detail: more, for staff.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep both."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Session(Protocol):
    """A submission's process, or what stands for one."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the jail that are on."""

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`; see `JailedSession.ask`."""

    def close(self) -> None:
        """End it."""


class JailedSession:
    """A forked, jailed session at the other end of a socket."""

    def __init__(self, child: Child, policy: Policy, scratch: Path) -> None:
        """Take over `child` and `scratch`, and wait until the jail is on.

        Raises:
            CourseError: a required layer is not to be had.
            InternalError: the child ended before it could say so.
        """
        self._child = child
        self._limits = policy.limits
        self._scratch = scratch
        self._oom_kills = oom_kills()
        self._lost: SessionLost | InternalError | None = None
        self._closed = False
        try:
            self._layers = _hear_layers(child)
            self._watch = Watch(child, policy.limits, scratch, nested="pidns" in self._layers)
        except BaseException:
            child.close()
            raise
        self._channel = Channel(child.wire, WireLimits())

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the jail that are on, in the order in which they were turned on."""
        return self._layers

    @property
    def pid(self) -> int:
        """The process id (hardened: that of the process which stands by)."""
        return self._child.pid

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`.

        Args:
            request: what to ask.
            seconds: how long it may take. Then the session is killed, or, with `grace`, interrupted first.
            grace: how long it may take to answer after the interrupt.

        Raises:
            SessionLost: it was killed or ended, now or earlier.
            InternalError: the zygote is gone, and the session with it; or the machine is short of memory or disk, so
                that whatever the session said since the last `Drop` may be the machine's fault.
        """
        if self._lost is not None:
            raise self._lost
        self._watch.begin(seconds, grace)
        deadline = time.monotonic() + seconds + (grace or 0.0) + _END_SECONDS  # for a process that takes long to die
        try:
            self._channel.send(request, deadline=deadline)
            reply: Reply = self._channel.receive("reply", deadline=deadline)
            _require_fitting(request, reply)
        except WireError as error:
            raise self._lose(SessionLost("protocol", str(error))) from error
        except (OSError, EOFError) as error:
            raise self._lose(self._what_happened(error)) from error
        finally:
            self._watch.end()
        if isinstance(request, Drop):  # between checks: often enough, and nothing that a check waits for
            self._refuse_trouble()
        return reply

    def close(self) -> None:
        """Kill the session, wait until it is gone, and remove its scratch folder. May be called again."""
        if self._closed:
            return
        self._closed = True
        self._lost = self._lost or SessionLost("crashed", "the session was closed")
        self._watch.close()
        self._child.close()
        # What a process that does not end writes meanwhile must not become a fault of ours: whoever closes the bench
        # removes the folder that holds this one.
        with contextlib.suppress(OSError):
            remove_scratch(self._scratch)

    def _lose(self, lost: SessionLost) -> SessionLost:
        self._lost = lost
        self._child.kill()
        return lost

    def _what_happened(self, error: OSError | EOFError) -> SessionLost:
        """Tell why nothing came back: we killed it, it ended by itself, or it only closed its socket."""
        self._refuse_trouble()
        if isinstance(error, TimeoutError):
            return SessionLost("timed-out", "no answer in time, and no end after it was killed")
        try:
            waitstatus = self._child.wait(_END_SECONDS)
        except ForkRefusedError as gone:
            self._lost = InternalError(f"the zygote is gone, and its sessions with it: {gone}")
            raise self._lost from error
        if self._watch.verdict is not None:
            return SessionLost(*self._watch.verdict)
        if waitstatus is None:
            return SessionLost("protocol", "it closed its socket and went on")
        if self._watch.interrupted:  # its code left signals to the kernel, or exits when it is interrupted
            return SessionLost("timed-out", "ended when it was interrupted at its time limit")
        code = os.waitstatus_to_exitcode(waitstatus)
        if code == -signal.SIGINT and self._watch.ever_interrupted:  # an answer and our interrupt crossed each other
            return SessionLost("timed-out", "ended of the interrupt at its time limit, after it had answered")
        if code == OUT_OF_MEMORY:
            return SessionLost("memory", "out of memory")
        if code >= 0:
            return SessionLost("crashed", f"ended with exit code {code}")
        if code == -signal.SIGKILL and oom_kills() > self._oom_kills:
            raise InternalError("the machine ran out of memory, and its kernel killed a session") from error
        return SessionLost("killed" if from_outside(waitstatus) else "crashed", f"ended by {_signal_name(-code)}")

    def _refuse_trouble(self) -> None:
        trouble = scratch_trouble(self._scratch, self._limits, private="scratchfs" in self._layers)
        if trouble:
            raise InternalError(trouble)


def _require_fitting(request: Request, reply: Reply) -> None:
    """Raise WireError for a reply of a kind that no session gives to such a request."""
    if not isinstance(reply, FITTING[type(request)]):
        raise WireError(f"a {type(request).__name__} was answered with a {type(reply).__name__}")


def _signal_name(number: int) -> str:
    """Name a signal; most of the real-time ones, which a session may send itself, have a number only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hear_layers(child: Child) -> tuple[str, ...]:
    """Read the frame that comes before the wire protocol, and before any code of the submission."""
    child.wire.settimeout(_HELLO_SECONDS)
    try:
        size = int.from_bytes(_read(child.wire, 4), "big")
        if size > _HELLO_LIMIT:
            raise InternalError(f"a session began with {size} bytes")
        hello: dict[str, Any] = json.loads(_read(child.wire, size))
    except (OSError, EOFError) as error:
        with contextlib.suppress(ForkRefusedError):
            waitstatus = child.wait(1.0)
            raise InternalError(f"a session ended before it began (wait status {waitstatus}): {error}") from error
        raise InternalError("the zygote is gone") from error
    if "error" in hello:
        raise CourseError(
            f"{hello['error']}. Run `gradjudge doctor` to see what this machine offers and what to do; to grade "
            "without a jail, for code that you trust as your own, say --sandbox none."
        )
    child.wire.settimeout(None)
    return tuple(str(layer) for layer in hello["layers"])


def _read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError("closed")
        data += part
    return data
