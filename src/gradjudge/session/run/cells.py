"""Run a submission: cell by cell (a notebook) or statement by statement (a script), and go on after a failure."""

from __future__ import annotations

import contextlib
import io
import linecache
import random
import resource
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

from gradjudge.session.answer import failures
from gradjudge.session.run.interrupts import Interrupts
from gradjudge.session.run.output import Diversion, Sink, Streams
from gradjudge.wire.messages import CellDone, Raised, RunCell

OUTPUT_KB: Final = 256
_STAY: Final = ("threads", "descriptors", "disk")
_MOST_OUTPUT_KB: Final = 320  # a byte that is no text becomes three, and the answer must fit into a head

Execute = Callable[[RunCell], BaseException | None]
"""Runs one piece and returns what it raised, or None."""


class Runner:
    """Run the pieces of one submission with their output captured.

    Args:
        execute: runs one piece.
        output_kb: KiB of output that are kept of each piece.
        own_process: this process is a session: capture descriptors 1 and 2 as well, and obey interrupts.
    """

    def __init__(
        self,
        execute: Callable[[RunCell], BaseException | None],
        *,
        output_kb: int = OUTPUT_KB,
        own_process: bool = False,
    ) -> None:
        self._execute = execute
        self._sink = Sink(min(output_kb, _MOST_OUTPUT_KB) * 1024)
        self._streams = Streams(self._sink)
        self._diversion = Diversion(self._sink) if own_process else None
        self._interrupts = Interrupts(own_process=own_process)
        self._room = _room()

    def run(self, cell: RunCell) -> CellDone:
        """Run one piece."""
        self._sink.clear()
        error = self._run(cell)
        if self._diversion is not None:
            self._diversion.settle()
        close_figures()
        return CellDone(
            error=error,
            interrupted=self._interrupts.came,
            output=self._sink.text(),
            truncated=self._sink.truncated,
            used_up=error is not None and self._is_used_up(error.limit),
        )

    def _is_used_up(self, limit: str) -> bool:
        """Tell whether there is still too little of what a cell was refused."""
        return limit in _STAY or (limit == "memory" and _room() < self._room / 2)

    def _run(self, cell: RunCell) -> Raised | None:
        try:
            with self._streams.in_place(), self._interrupts.during_cell():
                error = self._execute(cell)
        except BaseException as stray:  # noqa: BLE001  # an interrupt between the cell's end and the handler's
            error = stray
        if error is None:
            return None
        said = failures.raised(error)
        traceback.clear_frames(error.__traceback__)  # what they hold is not for ever
        return said


def _room() -> int:
    """Return how many bytes of memory this process may still take, within a factor of two; without a limit, 0."""
    size = max(resource.getrlimit(resource.RLIMIT_DATA)[0], 0)
    while size and not failures.can_map(size):
        size //= 2
    return size


def run_remaining(cell: RunCell, stopped: int, execute: Callable[[str], object]) -> None:
    """Run the definitions of a cell that stand below the line at which it stopped; what one of them raises is its own.

    Args:
        cell: the cell, with its definitions.
        stopped: the line.
        execute: runs a text, its lines where they are in the cell.
    """
    for line, text in cell.rest:
        if line > stopped:
            with contextlib.suppress(BaseException):
                execute("\n" * (line - 1) + text)


def remember_source(name: str, source: str) -> None:
    """Let tracebacks, ``inspect`` and ``doctest`` find the source of a piece by its file name."""
    lines = io.StringIO(source, newline=None).readlines()  # as Python counts them: a form feed ends no line
    linecache.cache[name] = (len(source), None, lines, name)


def close_figures() -> None:
    """Close matplotlib's figures."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    with contextlib.suppress(Exception):  # it is not there, or whatever the student's code has made of it
        if pyplot.get_fignums():
            pyplot.close("all")


def seed_all(seed: int) -> None:
    """Seed random, numpy and torch: the zygote's children would share their states, or have others each time."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed % (1 << 32))
    torch.manual_seed(seed)
