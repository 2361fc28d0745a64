"""Ask a session, and never wait for it longer than was said.

What is said is time at work (see `gradjudge.sandbox.meter`). It is kept here, where one waits: when it is over the
session is interrupted, if that was asked for, and then killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from gradjudge.errors import CourseError, InternalError
from gradjudge.sandbox.meter import WALL_FACTOR, Meter
from gradjudge.sandbox.policy import Policy
from gradjudge.sandbox.scratch import remove_scratch
from gradjudge.sandbox.shortage import oom_kills, scratch_trouble
from gradjudge.sandbox.watch import ResourceWatch
from gradjudge.wire.channel import Channel
from gradjudge.wire.forkserver import Child, ForkRefusedError, from_outside
from gradjudge.wire.limits import OUT_OF_MEMORY, WireError, WireLimits
from gradjudge.wire.messages import FITTING, Drop, Reply, Request

_HELLO_SECONDS: Final = 300.0
"""Wall seconds until a forked session has put on its jail, which takes milliseconds of work."""
_HELLO_LIMIT: Final = 1 << 16
_END_SECONDS: Final = 1.0
"""How long a session that hung up may be at work until it has ended."""
_TOLD_SECONDS: Final = 60.0
"""Wall seconds until the zygote has told how a session ended that has."""
_LOOK_AGAIN: Final = 0.02
"""Least seconds between two looks at how long a session has been at work."""


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

    @property
    def used(self) -> float:
        """Seconds at work on all answers so far."""

    @property
    def waited(self) -> float:
        """Seconds that it waited for a processor meanwhile, which nobody is charged with."""

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
            self._meter = Meter(child.pid, for_us=True)
            self._watch = ResourceWatch(child, policy.limits, scratch)
        except BaseException:
            child.close()
            raise
        self._channel = Channel(child.wire, WireLimits())
        self._used = 0.0
        self._interrupted = self._ever_interrupted = False

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the jail that are on, in the order in which they were turned on."""
        return self._layers

    @property
    def pid(self) -> int:
        """The id of the process that runs the code."""
        return self._child.pid

    @property
    def used(self) -> float:
        """Seconds at work on all answers so far."""
        return self._used

    @property
    def waited(self) -> float:
        """Seconds that it waited for a processor meanwhile."""
        return self._meter.waited

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`.

        Args:
            request: what to ask.
            seconds: how long it may be at work. Then the session is killed, or, with `grace`, interrupted first.
            grace: how long it may be at work on its answer after the interrupt.

        Raises:
            SessionLost: it was killed or ended, now or earlier.
            InternalError: the zygote is gone, and the session with it; or the machine is short of memory or disk, so
                that whatever the session said since the last `Drop` may be the machine's fault; or the machine is so
                busy that the session had less than a tenth of the time to be at work.
        """
        if self._lost is not None:
            raise self._lost
        self._interrupted = False
        patience = _Patience(self._meter, seconds, grace, self._interrupt)
        try:
            self._channel.send(request, patience=patience)
            reply: Reply = self._channel.receive("reply", patience=patience)
            _require_fitting(request, reply)
        except WireError as error:
            raise self._lose(SessionLost("protocol", str(error))) from error
        except TimeoutError as error:
            self._refuse_trouble()
            raise self._lose(SessionLost(*(self._watch.verdict or ("timed-out", "no answer in time")))) from error
        except (OSError, EOFError) as error:
            raise self._lose(self._what_happened(error)) from error
        finally:
            self._used += self._meter.end()
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
        self._meter.close()
        self._child.close()
        # What a process that does not end writes meanwhile must not become a fault of ours: whoever closes the
        # supervisor removes the folder that holds this one.
        with contextlib.suppress(OSError):
            remove_scratch(self._scratch)

    def _lose(self, lost: SessionLost) -> SessionLost:
        self._lost = lost
        self._child.kill()
        return lost

    def _interrupt(self) -> None:
        self._interrupted = self._ever_interrupted = True  # first, for the process may end of it at once
        self._child.interrupt()

    def _what_happened(self, error: OSError | EOFError) -> SessionLost:
        """Tell why nothing came back: we killed it, it ended by itself, or it only closed its socket."""
        self._refuse_trouble()
        patience = _Patience(self._meter, _END_SECONDS)
        waitstatus = None
        try:
            while not self._child.ended(patience()):
                pass
            waitstatus = self._child.wait(_TOLD_SECONDS)
        except TimeoutError:
            pass
        except ForkRefusedError as gone:
            self._lost = InternalError(f"the zygote is gone, and its sessions with it: {gone}")
            raise self._lost from error
        if self._watch.verdict is not None:
            return SessionLost(*self._watch.verdict)
        if waitstatus is None:
            return SessionLost("protocol", "it closed its socket and went on")
        if self._interrupted:  # its code left signals to the kernel, or exits when it is interrupted
            return SessionLost("timed-out", "ended when it was interrupted at its time limit")
        code = os.waitstatus_to_exitcode(waitstatus)
        if code == -signal.SIGINT and self._ever_interrupted:  # an answer and our interrupt crossed each other
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


class _Patience:
    """Say how long to wait for an answer: `seconds` at work, then the interrupt, then as long as its grace."""

    def __init__(
        self, meter: Meter, seconds: float, grace: float | None = None, interrupt: Callable[[], None] = lambda: None
    ) -> None:
        self._meter = meter
        self._allowed = seconds
        self._grace = grace
        self._interrupt = interrupt
        self._began = time.monotonic()
        self._due = self._began + seconds
        self._ends = self._began + WALL_FACTOR * (seconds + (grace or 0.0))
        self._sure = False
        meter.begin()

    def __call__(self) -> float:
        """Return the seconds until it is to be asked again.

        Raises:
            TimeoutError: the time is over.
            InternalError: the session has waited for a processor nearly all the time.
        """
        now = time.monotonic()
        if now < self._due:
            return self._due - now
        left = self._allowed - self._meter.charge()
        if left <= 0 and self._sure and not self._meter.stalled:
            left = self._after_time()
        elif now > self._ends:
            worked = self._meter.charge()
            raise InternalError(
                f"the machine is too busy: in {now - self._began:.0f} s a session worked {worked:.1f} s"
            )
        # Whoever is over its time is looked at once more: a wait for a processor is not counted before it has ended.
        self._sure = left <= 0
        self._due = now + max(left, _LOOK_AGAIN)
        return self._due - now

    def _after_time(self) -> float:
        """Interrupt, if that is due, and return the seconds that are left then."""
        if self._grace is None:
            raise TimeoutError("the time is over")
        grace, self._grace = self._grace, None
        self._allowed += grace
        self._interrupt()
        return grace


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
            waitstatus = child.wait(_TOLD_SECONDS)
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
