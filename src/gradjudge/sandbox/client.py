"""Ask a session, with a time limit on every answer.

Limits are in seconds at work (see `gradjudge.sandbox.meter`). When they are over, the session is interrupted, if the
caller asked for that, and then killed.
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
"""Wall seconds for a forked session to apply its jail, which takes milliseconds of work."""
_HELLO_LIMIT: Final = 1 << 16
_END_SECONDS: Final = 1.0
"""Seconds at work for a session that hung up to end."""
_EXIT_STATUS_SECONDS: Final = 60.0
"""Wall seconds for the zygote to report the exit status of a session that has ended."""
_LEAST_WAIT: Final = 0.02
"""Minimum seconds between two readings of a session's time at work."""


class SessionLost(Exception):
    """A session ended, or had to be killed. It answers no more.

    Attributes:
        reason: ``"timed-out"``, ``"crashed"``, ``"killed"`` (by a signal that we did not send), ``"protocol"`` (it
            broke the protocol), ``"memory"``, ``"threads"`` or ``"disk"``.
        detail: more, for staff.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Session(Protocol):
    """A submission's process, or a fake of one."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the jail that are on."""

    @property
    def used(self) -> float:
        """Seconds at work on all answers so far."""

    @property
    def waited(self) -> float:
        """Seconds spent waiting for a processor meanwhile, which are not charged."""

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`; see `JailedSession.ask`."""

    def close(self) -> None:
        """End it."""


class JailedSession:
    """A forked, jailed session at the other end of a socket."""

    def __init__(self, child: Child, policy: Policy, scratch: Path) -> None:
        """Take over `child` and `scratch`, and wait until the jail is on.

        Raises:
            CourseError: a required layer is not available.
            InternalError: the child ended before reporting its layers.
        """
        self._child = child
        self._limits = policy.limits
        self._scratch = scratch
        self._oom_kills = oom_kills()
        self._lost: SessionLost | InternalError | None = None
        self._closed = False
        try:
            self._layers = _receive_layers(child)
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
        """The process id of the session."""
        return self._child.pid

    @property
    def used(self) -> float:
        """Seconds at work on all answers so far."""
        return self._used

    @property
    def waited(self) -> float:
        """Seconds spent waiting for a processor meanwhile."""
        return self._meter.waited

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`.

        Args:
            request: what to ask.
            seconds: limit of its time at work. Then the session is killed, or, with `grace`, interrupted first.
            grace: limit of its time at work after the interrupt.

        Raises:
            SessionLost: it was killed or ended, now or earlier.
            InternalError: the zygote is gone, and the session with it; or the machine is short of memory or disk, so
                that all answers since the last `Drop` are unreliable; or the machine is so busy that the session was
                at work for less than a tenth of the time.
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
            self._require_scratch()
            raise self._lose(SessionLost(*(self._watch.verdict or ("timed-out", "no answer in time")))) from error
        except (OSError, EOFError) as error:
            raise self._lose(self._explain_end(error)) from error
        finally:
            self._used += self._meter.end()
        if isinstance(request, Drop):  # between checks: often enough, and delays none
            self._require_scratch()
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
        # A process that lingers may still be writing. Whatever is left goes with the run's folder.
        with contextlib.suppress(OSError):
            remove_scratch(self._scratch)

    def _lose(self, lost: SessionLost) -> SessionLost:
        self._lost = lost
        self._child.kill()
        return lost

    def _interrupt(self) -> None:
        self._interrupted = self._ever_interrupted = True  # first: the process may end at once
        self._child.interrupt()

    def _explain_end(self, error: OSError | EOFError) -> SessionLost:
        """Find out why no reply came: we killed it, it ended by itself, or it only closed its socket."""
        self._require_scratch()
        patience = _Patience(self._meter, _END_SECONDS)
        waitstatus = None
        try:
            while not self._child.ended(patience()):
                pass
            waitstatus = self._child.wait(_EXIT_STATUS_SECONDS)
        except TimeoutError:
            pass
        except ForkRefusedError as gone:
            self._lost = InternalError(f"the zygote is gone, and its sessions with it: {gone}")
            raise self._lost from error
        if self._watch.verdict is not None:
            return SessionLost(*self._watch.verdict)
        if waitstatus is None:
            return SessionLost("protocol", "it closed its socket and went on")
        if self._interrupted:  # its code restored SIGINT's default, or exits when interrupted
            return SessionLost("timed-out", "ended when it was interrupted at its time limit")
        code = os.waitstatus_to_exitcode(waitstatus)
        if code == -signal.SIGINT and self._ever_interrupted:  # the reply and our interrupt crossed
            return SessionLost("timed-out", "ended of the interrupt at its time limit, after it had answered")
        if code == OUT_OF_MEMORY:
            return SessionLost("memory", "out of memory")
        if code >= 0:
            return SessionLost("crashed", f"ended with exit code {code}")
        if code == -signal.SIGKILL and oom_kills() > self._oom_kills:
            raise InternalError("the machine ran out of memory, and its kernel killed a session") from error
        return SessionLost("killed" if from_outside(waitstatus) else "crashed", f"ended by {_signal_name(-code)}")

    def _require_scratch(self) -> None:
        """Raise InternalError if the scratch folder is gone, or the disk has not the space that the limits promise."""
        trouble = scratch_trouble(self._scratch, self._limits, private="scratchfs" in self._layers)
        if trouble:
            raise InternalError(trouble)


class _Patience:
    """The `Patience` of one answer: `seconds` at work, then the interrupt, then `grace` seconds at work."""

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
        self._confirmed = False
        meter.begin()

    def __call__(self) -> float:
        """Return the seconds to wait until the next call.

        Raises:
            TimeoutError: the time is over.
            InternalError: the session has spent nearly all the time waiting for a processor.
        """
        now = time.monotonic()
        if now < self._due:
            return self._due - now
        left = self._allowed - self._meter.charge()
        if left <= 0 and self._confirmed and not self._meter.stalled:
            left = self._interrupt_or_raise()
        elif now > self._ends:
            worked = self._meter.charge()
            raise InternalError(
                f"the machine is too busy: in {now - self._began:.0f} s a session worked {worked:.1f} s"
            )
        # Confirm by a second reading: a wait for a processor is counted only once it has ended.
        self._confirmed = left <= 0
        self._due = now + max(left, _LEAST_WAIT)
        return self._due - now

    def _interrupt_or_raise(self) -> float:
        """Interrupt and return the grace, once; then raise TimeoutError."""
        if self._grace is None:
            raise TimeoutError("the time is over")
        grace, self._grace = self._grace, None
        self._allowed += grace
        self._interrupt()
        return grace


def _require_fitting(request: Request, reply: Reply) -> None:
    """Raise WireError for a reply of the wrong kind."""
    if not isinstance(reply, FITTING[type(request)]):
        raise WireError(f"a {type(request).__name__} was answered with a {type(reply).__name__}")


def _signal_name(number: int) -> str:
    """Return a signal's name; most real-time signals have only a number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _receive_layers(child: Child) -> tuple[str, ...]:
    """Receive the hello frame, sent before the wire protocol and before any code of the submission runs."""
    child.wire.settimeout(_HELLO_SECONDS)
    try:
        size = int.from_bytes(_read(child.wire, 4), "big")
        if size > _HELLO_LIMIT:
            raise InternalError(f"a session began with {size} bytes")
        hello: dict[str, Any] = json.loads(_read(child.wire, size))
    except (OSError, EOFError) as error:
        with contextlib.suppress(ForkRefusedError):
            waitstatus = child.wait(_EXIT_STATUS_SECONDS)
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
