"""Capture what the student's code prints, up to a limit.

Python's streams write into a `Sink` directly. What bypasses them to descriptors 1 and 2 (``os.write``, C code) goes
through a pipe that a thread drains, so that nothing blocks on it.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, TextIO

_CHUNK: Final = 1 << 16
_SETTLE: Final = 0.2
"""Seconds that the end of a cell waits for an empty pipe; a thread may go on writing for ever."""


class Sink:
    """Keep the beginning and the end of a stream of bytes.

    Args:
        limit: bytes kept, three quarters of them from the beginning.
    """

    def __init__(self, limit: int) -> None:
        self._first = limit * 3 // 4
        self._last = limit - self._first
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget what was written."""
        self._head, self._tail, self.truncated = bytearray(), bytearray(), False

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes; safe from any thread."""
        with self._lock:
            free = self._first - len(self._head)
            self._head += data[:free]
            self._tail += data[free:][-self._last :]
            if len(self._tail) > self._last:
                self.truncated = True
                del self._tail[: -self._last]
            self.truncated |= len(data) - free > self._last

    def text(self) -> str:
        """Return what was kept, with a mark where output was left out."""
        with self._lock:
            mark = b"\n[... output left out ...]\n" if self.truncated else b""
            return (self._head + mark + self._tail).decode("utf-8", "replace")


class _Raw(io.RawIOBase):
    """The raw stream under Python's text streams, which writes to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self._sink.write(view)
        return len(view)

    def fileno(self) -> int:
        return 1


class Streams:
    """Replace ``sys.stdout``, ``sys.stderr`` and ``sys.stdin`` (empty) while a cell runs.

    The next cell gets the same objects, as something may have kept them (a logging handler), or whatever the student's
    code has replaced them with.
    """

    _current: tuple[TextIO, TextIO]

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._open()

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Install the streams, and restore the previous ones at the end."""
        if self._out.closed or self._err.closed:
            self._open()
        before = sys.stdout, sys.stderr, sys.stdin
        sys.stdout, sys.stderr = self._current
        sys.stdin = io.StringIO()
        try:
            yield
        finally:
            self._current = sys.stdout, sys.stderr
            sys.stdout, sys.stderr, sys.stdin = before
            with contextlib.suppress(ValueError):  # the student's code closed it
                self._out.flush()

    def _open(self) -> None:
        # One write-through buffer for both keeps the output in order.
        buffer = io.BufferedWriter(_Raw(self._sink), _CHUNK)
        self._out, self._err = (
            io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", write_through=True) for _ in "oe"
        )
        self._current = self._out, self._err


class Diversion:
    """Redirect descriptors 1 and 2 of this process into a sink, for good."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._read_end, write_end = os.pipe()
        for descriptor in (1, 2):
            os.dup2(write_end, descriptor)
        os.close(write_end)
        threading.Thread(target=self._drain, name="output", daemon=True).start()

    def _drain(self) -> None:
        waiting = select.poll()
        waiting.register(self._read_end, select.POLLIN)
        while True:
            waiting.poll()
            with self._lock:
                data = os.read(self._read_end, _CHUNK)
                self._sink.write(data)
            if not data:
                return  # the student's code closed both descriptors

    def settle(self) -> None:
        """Wait until all that was written has arrived."""
        end = time.process_time() + _SETTLE  # CPU time: the draining thread belongs to this process
        while time.process_time() < end:
            with self._lock:
                if not self._waiting_bytes():
                    return
            time.sleep(0.0002)

    def _waiting_bytes(self) -> int:
        try:
            answer = fcntl.ioctl(self._read_end, termios.FIONREAD, b"\0\0\0\0")
        except OSError:  # the student's code closed the pipe
            return 0
        return int(struct.unpack("i", answer)[0])
