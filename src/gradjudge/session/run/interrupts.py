"""The interrupt that follows a cell's time limit: it ends a cell, and nothing else."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """Turn SIGINT into KeyboardInterrupt while a cell runs, and into nothing between cells.

    Args:
        own_process: this process is a session; in any other, SIGINT is left as it is.

    Attributes:
        came: whether one came since the cell began. A KeyboardInterrupt that the student's code raises sets nothing.
    """

    def __init__(self, *, own_process: bool) -> None:
        self.came = False
        self._running = False
        self._own_process = own_process
        self._take()

    @contextlib.contextmanager
    def during_cell(self) -> Iterator[None]:
        """Let SIGINT raise KeyboardInterrupt in the body; the handler is set anew, whatever a cell before has done."""
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
