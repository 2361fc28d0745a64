"""Messages over a stream socket: framed, numbered, with an end to waiting, and nothing allocated on the peer's word.

A frame is a fixed part (sequence number, bytes in the head, number of blobs), the size of each blob, the head and the
blobs. The asking side numbers its requests, and a reply carries the number of the request that it answers. The two
sides take turns: whatever else arrives is a fault.
"""

from __future__ import annotations

import itertools
import mmap
import select
import socket
import struct
from collections.abc import Callable, Generator
from typing import Final, Literal, NamedTuple, TypeVar, overload

from gradjudge.wire.limits import DEFAULT, WireError, WireLimits
from gradjudge.wire.messages import Reply, Request
from gradjudge.wire.tensors import LARGE, Blob
from gradjudge.wire.values import decode_reply, decode_request, encode

_FIXED: Final = struct.Struct("<III")
_STAGED: Final = 1 << 16
_SEQUENCE: Final = 1 << 32


class _Frame(NamedTuple):
    sequence: int
    head: bytes
    blobs: list[Blob]


_Step = TypeVar("_Step")
_Reading = Generator[None, None, _Step]
"""Reading that yields whenever there is nothing more to read yet, so that a time-out loses nothing."""

Patience = Callable[[], float]
"""Says how many seconds to wait now before it is asked again; raises TimeoutError when it is to be waited no longer."""


class Channel:
    """Exchange messages in turns over a connected ``AF_UNIX`` ``SOCK_STREAM`` socket.

    Args:
        sock: the socket; the channel makes it non-blocking, and closes it in `close`.
        limits: what one message may hold, both ways.
    """

    def __init__(self, sock: socket.socket, limits: WireLimits = DEFAULT) -> None:
        self.limits = limits
        self._sock = sock
        sock.setblocking(False)
        self._poll = select.poll()
        self._staged = memoryview(bytearray(_STAGED))
        self._start = self._end = 0
        self._sequence = 0
        self._reading: _Reading[_Frame] | None = None
        self._broken = False

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def send(self, message: Request | Reply, *, patience: Patience | None = None) -> None:
        """Send one message, as long as `patience` lasts.

        Raises:
            TypeError, TooLargeError: it is no message; nothing was sent.
            WireError: the peer has sent something that it was not asked for.
            TimeoutError: the peer does not take it; the channel is of no use any more.
            EOFError: the peer is gone.
        """
        head, *blobs = encode(message, self.limits)
        if isinstance(message, Request):
            self._refuse_unasked()
            self._sequence = (self._sequence + 1) % _SEQUENCE
        fixed = _FIXED.pack(self._sequence, len(head), len(blobs))
        if blobs:
            fixed += struct.pack(f"<{len(blobs)}Q", *map(len, blobs))
        try:
            for chunk in _joined([fixed, head, *blobs]) if blobs else [fixed + head]:
                self._send_all(chunk, patience)
        except TimeoutError:
            self._broken = True
            raise

    @overload
    def receive(self, kind: Literal["request"], *, patience: Patience | None = None) -> Request: ...
    @overload
    def receive(self, kind: Literal["reply"], *, patience: Patience | None = None) -> Reply: ...
    def receive(self, kind: Literal["request", "reply"], *, patience: Patience | None = None) -> Request | Reply:
        """Wait for one message of `kind`, as long as `patience` lasts.

        After a TimeoutError it may be called again: what has arrived is kept.

        Raises:
            WireError: what arrived is no such message, or not the one that is due. The channel is of no use any more.
            TimeoutError: `patience` was over.
            EOFError: the peer is gone.
        """
        if self._broken:
            raise WireError("the channel is broken")
        try:
            frame = self._next_frame(patience)
            if kind == "request":
                self._expect((self._sequence + 1) % _SEQUENCE, frame)
                return decode_request(frame.head, frame.blobs, self.limits)
            self._expect(self._sequence, frame)
            return decode_reply(frame.head, frame.blobs, self.limits)
        except WireError:
            self._broken = True
            raise

    def _expect(self, sequence: int, frame: _Frame) -> None:
        if frame.sequence != sequence:
            raise WireError(f"message {frame.sequence} where {sequence} is due")
        if self._start != self._end:
            raise WireError("bytes after the message")
        self._sequence = sequence

    def _refuse_unasked(self) -> None:
        """Raise WireError if the peer has sent something although it is not its turn."""
        if self._broken:
            raise WireError("the channel is broken")
        self._poll.register(self._sock, select.POLLIN)
        if self._start == self._end and not self._poll.poll(0):
            return
        self._broken = True
        if self._start == self._end and self._peer_is_gone():
            raise EOFError("the peer is gone")
        raise WireError("a message that was not asked for")

    def _peer_is_gone(self) -> bool:
        try:
            return not self._sock.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def _send_all(self, chunk: Blob, patience: Patience | None) -> None:
        left = memoryview(chunk)
        while left:
            try:
                left = left[self._sock.send(left, socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, patience)
            except ConnectionError:
                raise EOFError("the peer is gone") from None

    def _next_frame(self, patience: Patience | None) -> _Frame:
        if self._reading is None:
            self._reading = self._frame()
        while True:
            self._wait(select.POLLIN, patience)  # a recv too early costs more than a poll
            try:
                next(self._reading)
            except StopIteration as done:
                self._reading = None
                frame: _Frame = done.value
                return frame

    def _wait(self, event: int, patience: Patience | None) -> None:
        """Wait until the socket is ready or has an error, which the next call on it tells."""
        self._poll.register(self._sock, event)
        if patience is None:
            self._poll.poll()
        elif not self._poll.poll(0):  # what is there is taken, whatever the time
            while not self._poll.poll(patience() * 1000):
                pass

    # --- reading, piece by piece ---

    def _frame(self) -> _Reading[_Frame]:
        sequence, head_size, count = _FIXED.unpack((yield from self._small(_FIXED.size)))
        if head_size > self.limits.head_bytes or count > self.limits.tensors:
            raise WireError(f"a frame with a head of {head_size} bytes and {count} tensors")
        if not count:
            return _Frame(sequence, (yield from self._small(head_size)), [])
        sizes = struct.unpack(f"<{count}Q", (yield from self._small(8 * count)))
        if sum(sizes) > self.limits.total_bytes or max(sizes) > self.limits.tensor_bytes:
            raise WireError(f"a frame with {sum(sizes)} bytes of tensors")
        head = yield from self._small(head_size)
        return _Frame(sequence, head, (yield from self._blobs(sizes)))

    def _small(self, size: int) -> _Reading[bytes]:
        """Read a head or a few small tensors; memory grows with what has arrived."""
        if self._end - self._start >= size:
            self._start += size
            return bytes(self._staged[self._start - size : self._start])
        parts = bytearray()
        while len(parts) < size:
            if self._start == self._end:
                yield from self._refill()
            taken = min(size - len(parts), self._end - self._start)
            parts += self._staged[self._start : self._start + taken]
            self._start += taken
        return bytes(parts)

    def _blobs(self, sizes: tuple[int, ...]) -> _Reading[list[Blob]]:
        """Read blobs: small ones together, each large one into memory of its own."""
        blobs: list[Blob] = []
        while len(blobs) < len(sizes):
            run = _run(sizes, len(blobs))
            if not run:
                blobs.append((yield from self._large(sizes[len(blobs)])))
                continue
            joined, start = (yield from self._small(sum(run))), 0
            for size in run:
                blobs.append(joined[start : start + size])
                start += size
        return blobs

    def _large(self, size: int) -> _Reading[memoryview]:
        # A mapping's memory is not touched: a size that is announced and never sent costs none. torch.empty fills its
        # own where torch is told to be deterministic, as the judge's is.
        buffer = memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        filled = min(size, self._end - self._start)
        buffer[:filled] = self._staged[self._start : self._start + filled]
        self._start += filled
        while filled < size:
            received = yield from self._receive_into(buffer[filled:])
            filled += received
        return buffer

    def _refill(self) -> _Reading[None]:
        received = yield from self._receive_into(self._staged)
        self._start, self._end = 0, received

    def _receive_into(self, buffer: memoryview) -> _Reading[int]:
        while True:
            try:
                received = self._sock.recv_into(buffer)
            except BlockingIOError:
                yield
                continue
            except ConnectionError:
                received = 0
            if not received:
                raise EOFError("the peer is gone")
            return received


def _run(sizes: tuple[int, ...], start: int) -> list[int]:
    """Return the sizes of the small blobs from `start` on, up to about `LARGE` in all; none if the first is large."""
    run: list[int] = []
    total = 0
    for size in itertools.islice(sizes, start, None):
        if size >= LARGE or total >= LARGE:
            break
        run.append(size)
        total += size
    return run


def _joined(parts: list[Blob]) -> list[Blob]:
    """Join neighbours that are small, so that most messages are one system call."""
    chunks: list[Blob] = []
    small: list[Blob] = []
    for part in parts:
        if len(part) < LARGE:
            small.append(part)
            continue
        chunks += [b"".join(small), part]
        small = []
    return [*chunks, b"".join(small)]
