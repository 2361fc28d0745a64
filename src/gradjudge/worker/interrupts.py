"""The interrupt that follows a cell's time limit: it ends a cell, and nothing else."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """Turn SIGINT into KeyboardInterrupt while a cell runs, and into nothing between cells.

    Attributes:
        came: whether one came since the cell began. A KeyboardInterrupt that the student's code raises sets nothing.
    """

    def __init__(self) -> None:
        self.came = False
        self._running = False

    @contextlib.contextmanager
    def during_cell(self) -> Iterator[None]:
        """Let SIGINT raise KeyboardInterrupt in the body; the handler is set anew, whatever a cell before has done."""
        signal.signal(signal.SIGINT, self._handle)
        self.came = False
        self._running = True
        try:
            yield
        finally:
            self._running = False

    def ignore(self) -> None:
        """Let SIGINT do nothing until the first cell runs."""
        signal.signal(signal.SIGINT, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._running:
            self.came = True
            raise KeyboardInterrupt
