"""The interrupt at a cell's time limit, which ends the cell and nothing else."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """Turn SIGINT into KeyboardInterrupt while a cell runs, and ignore it between cells.

    Args:
        own_process: this process is a session; in any other, SIGINT is left alone.

    Attributes:
        came: whether SIGINT came since the cell began; a KeyboardInterrupt raised by the student's code does not count.
    """

    def __init__(self, *, own_process: bool) -> None:
        self.came = False
        self._running = False
        self._own_process = own_process
        self._take()

    @contextlib.contextmanager
    def during_cell(self) -> Iterator[None]:
        """Let SIGINT raise KeyboardInterrupt in the body. An earlier cell may have changed the handler: set it anew."""
        self._take()
        self.came = False
        self._running = True
        try:
            yield
        finally:
            self._running = False

    def _take(self) -> None:
        if self._own_process:
            signal.signal(signal.SIGINT, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._running:
            self.came = True
            raise KeyboardInterrupt
