"""Fork prepared children on request: one datagram and two descriptors per child.

A process that has done the slow imports runs a `ForkServer`; clients on the other end of its control socket ask for
children with `request_fork`. It serves both sessions (the zygote) and judges (the judge host).

A request is one SEQPACKET datagram, the payload, with two descriptors: `wire`, which the child gets, and `status`, a
SEQPACKET socket on which the server sends ``{"pid": n}`` with a pidfd and later ``{"exit": waitstatus}``. Closing
`status` kills the child. Several processes may share a control socket, each with its own `status`.

Nothing outlives its server: children ask the kernel for SIGKILL when their parent dies.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import json
import os
import select
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

PAYLOAD_LIMIT: Final = 64 * 1024
"""Bytes of one request."""

FAILED_CHILD: Final = 70
"""Exit code of a child whose function raised."""

_OWN_FAULTS: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP}
)

ChildFunction: TypeAlias = Callable[[bytes, socket.socket], NoReturn]

_PR_SET_PDEATHSIG: Final = 1
_OOM_SCORE: Final = "500"
"""oom_score_adj of children: the kernel should kill one of them rather than their server."""
_STATUS_LIMIT: Final = 4096


class ForkRefusedError(Exception):
    """The fork server could not fork, or is gone."""


def die_with_parent() -> None:
    """Ask the kernel to SIGKILL this process when the thread that forked it ends.

    A change of credentials (setuid, a new user namespace) cancels the request: call this again after one.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def from_outside(waitstatus: int) -> bool:
    """Tell whether a process died of a signal that somebody may have sent, rather than of a fault of its own."""
    return os.WIFSIGNALED(waitstatus) and os.WTERMSIG(waitstatus) not in _OWN_FAULTS


# --- the server -----------------------------------------------------------------------------------------------------


@dataclass
class _Running:
    """A child that has not been reaped yet, with its pidfd and its client's status socket."""

    pid: int
    pidfd: int
    status: socket.socket


class ForkServer:
    """Serve fork requests from a control socket until its other end is closed everywhere."""

    def __init__(self, control_fd: int) -> None:
        """Take over `control_fd`, a connected AF_UNIX SOCK_SEQPACKET socket."""
        self._control = socket.socket(fileno=control_fd)
        self._pid = os.getpid()
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Running] = {}
        # One buffer for all requests, wiped after each fork: no child finds an earlier request in its memory.
        self._payload = bytearray(PAYLOAD_LIMIT + 1)

    def run(self, child: ChildFunction) -> None:
        """Fork and call ``child(payload, wire)`` for each request; kill all children and return when control closes.

        A child whose function raises exits with `FAILED_CHILD`, its traceback on stderr; one that returns exits 0.
        """
        self._selector.register(self._control, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.data is not None:
                        self._follow_up(key.data)
                    elif not self._serve_one(child):
                        return
        finally:
            self._end()

    def _serve_one(self, child: ChildFunction) -> bool:
        """Take one request and fork for it. Return False when no client is left."""
        size, descriptors, whole = self._receive()
        if size == 0 and not descriptors:
            return False
        if len(descriptors) != 2 or not whole:
            for fd in descriptors:
                os.close(fd)
            return True
        wire, status = (socket.socket(fileno=fd) for fd in descriptors)
        status.setblocking(False)
        try:
            pid = os.fork()
        except OSError as error:
            _send_status(status, {"error": str(error)})
            status.close()
        else:
            if pid == 0:
                self._become(child, bytes(self._payload[:size]), wire, status)
            self._watch(pid, status)
        wire.close()
        self._payload[:size] = bytes(size)
        return True

    def _receive(self) -> tuple[int, list[int], bool]:
        """Return the payload's size, the descriptors and whether all of it arrived."""
        try:
            size, ancillary, flags, _ = self._control.recvmsg_into(
                [self._payload], socket.CMSG_SPACE(2 * array.array("i").itemsize), socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionError:
            return 0, [], False
        descriptors = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        whole = size <= PAYLOAD_LIMIT and not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
        return size, descriptors.tolist(), whole

    def _become(self, child: ChildFunction, payload: bytes, wire: socket.socket, status: socket.socket) -> NoReturn:
        """In the child: close the server's descriptors and run `child`; never return into the server's loop."""
        code = FAILED_CHILD
        try:
            die_with_parent()
            if os.getppid() != self._pid:
                os._exit(code)  # the server died before die_with_parent took effect
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
            for running in self._children.values():
                os.close(running.pidfd)
                running.status.close()
            status.close()
            self._selector.close()
            self._control.close()
            child(payload, wire)
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:  # noqa: BLE001  # nothing may reach the server's loop
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(code)

    def _watch(self, pid: int, status: socket.socket) -> None:
        """Report the child to its client and watch both."""
        running = _Running(pid, os.pidfd_open(pid), status)
        self._children[pid] = running
        self._selector.register(running.pidfd, selectors.EVENT_READ, running)
        self._selector.register(status, selectors.EVENT_READ, running)
        _send_status(status, {"pid": pid}, running.pidfd)

    def _follow_up(self, running: _Running) -> None:
        """Reap a child that ended, or kill one whose client has hung up."""
        if self._children.get(running.pid) is not running:
            return  # handled in this round by its other descriptor
        pid, waitstatus = os.waitpid(running.pid, os.WNOHANG)
        if pid == 0:
            # Clients send nothing on status, so being readable means the hang-up. The child's end will show on its
            # pidfd; serve others meanwhile.
            signal.pidfd_send_signal(running.pidfd, signal.SIGKILL)
            self._selector.unregister(running.status)
            return
        self._forget(running)
        _send_status(running.status, {"exit": waitstatus})
        running.status.close()

    def _forget(self, running: _Running) -> None:
        del self._children[running.pid]
        for fd in (running.pidfd, running.status):
            with contextlib.suppress(KeyError):  # status was unregistered if its client hung up
                self._selector.unregister(fd)
        os.close(running.pidfd)

    def _end(self) -> None:
        """Kill and reap the remaining children."""
        for running in list(self._children.values()):
            signal.pidfd_send_signal(running.pidfd, signal.SIGKILL)
            os.waitpid(running.pid, 0)
            self._forget(running)
            running.status.close()
        self._selector.close()
        self._control.close()


def _send_status(status: socket.socket, message: dict[str, object], fd: int | None = None) -> None:
    """Send one status message; a client that is gone is noticed by its hang-up."""
    with contextlib.suppress(OSError):
        socket.send_fds(status, [json.dumps(message).encode()], [] if fd is None else [fd])


# --- the client -----------------------------------------------------------------------------------------------------


@dataclass
class Child:
    """A forked child as its client sees it. It is killed when closed, and when the client dies."""

    pid: int
    pidfd: int
    wire: socket.socket
    status: socket.socket
    _exit: int | None = field(default=None, repr=False)
    _closed: bool = field(default=False, repr=False)

    def kill(self) -> None:
        """Send SIGKILL, unless the child has ended."""
        self._signal(signal.SIGKILL)

    def interrupt(self) -> None:
        """Send SIGINT, unless the child has ended."""
        self._signal(signal.SIGINT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for the child's end, which the kernel reports even if the server is busy."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def wait(self, seconds: float) -> int | None:
        """Return the child's wait status (for `os.waitstatus_to_exitcode`), or None if it is still running.

        Raises:
            ForkRefusedError: the server is gone, and the child with it.
        """
        if self._exit is None:
            message = _receive_status(self.status, seconds)
            if message is None:
                return None
            self._exit = int(message["exit"])
        return self._exit

    def close(self) -> None:
        """Kill the child, wait until it is gone, and close the descriptors. May be called again."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        # A killed process can linger in the kernel; the server will reap it, we only stop waiting.
        with contextlib.suppress(ForkRefusedError):
            self.wait(5.0)
        self.wire.close()
        self.status.close()
        os.close(self.pidfd)


def request_fork(control: socket.socket, payload: bytes, *, seconds: float = 120.0) -> Child:
    """Ask the server behind `control` for a child that gets `payload`.

    Args:
        control: client end of the server's control socket; other processes may share it.
        payload: at most `PAYLOAD_LIMIT` bytes.
        seconds: how long to wait for the fork.

    Raises:
        ForkRefusedError: the server is gone, does not answer in time, or could not fork.
        ValueError: `payload` is too long.
    """
    if len(payload) > PAYLOAD_LIMIT:
        raise ValueError(f"a fork request is at most {PAYLOAD_LIMIT} bytes, not {len(payload)}")
    wire, their_wire = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with their_wire, their_status:
            socket.send_fds(control, [payload], [their_wire.fileno(), their_status.fileno()])
        pid, pidfd = _receive_pid(status, seconds)
    except OSError as error:
        wire.close()
        status.close()
        raise ForkRefusedError(f"the fork server is gone: {error}") from error
    except ForkRefusedError:
        wire.close()
        status.close()
        raise
    return Child(pid, pidfd, wire, status)


def _receive_pid(status: socket.socket, seconds: float) -> tuple[int, int]:
    """Receive the first status message: the child's pid and a pidfd."""
    status.settimeout(seconds)
    try:
        data, descriptors, _, _ = socket.recv_fds(status, _STATUS_LIMIT, 1, socket.MSG_CMSG_CLOEXEC)
    except TimeoutError as error:
        raise ForkRefusedError(f"the fork server did not answer in {seconds} s") from error
    if not data:
        raise ForkRefusedError("the fork server is gone")
    message = json.loads(data)
    if "error" in message or len(descriptors) != 1:
        for fd in descriptors:
            os.close(fd)
        raise ForkRefusedError(f"the fork server could not fork: {message.get('error', 'no pidfd')}")
    return int(message["pid"]), descriptors[0]


def _receive_status(status: socket.socket, seconds: float) -> dict[str, int] | None:
    """Receive one status message; None if there is none in time."""
    status.settimeout(max(seconds, 0.0001))  # 0 means non-blocking, which raises BlockingIOError
    try:
        data = status.recv(_STATUS_LIMIT)
    except TimeoutError:
        return None
    except ConnectionError:
        data = b""
    if not data:
        raise ForkRefusedError("the fork server is gone")
    message: dict[str, int] = json.loads(data)
    return message
