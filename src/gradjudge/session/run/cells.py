"""Run a submission cell by cell (a notebook) or statement by statement (a script), continuing after failures."""

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
_LASTING: Final = ("threads", "descriptors", "disk")
_MOST_OUTPUT_KB: Final = 320  # an undecodable byte becomes three, and the reply must fit into a head

Execute = Callable[[RunCell], BaseException | None]
"""Runs one cell and returns what it raised, or None."""


class Runner:
    """Run the cells of one submission with their output captured.

    Args:
        execute: runs one cell.
        output_kb: KiB of output kept of each cell.
        own_process: this process is a session: capture descriptors 1 and 2 as well, and obey interrupts.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        output_kb: int = OUTPUT_KB,
        own_process: bool = False,
    ) -> None:
        self._execute = execute
        self._sink = Sink(min(output_kb, _MOST_OUTPUT_KB) * 1024)
        self._streams = Streams(self._sink)
        self._diversion = Diversion(self._sink) if own_process else None
        self._interrupts = Interrupts(own_process=own_process)
        self._free_memory = _free_memory()

    def run(self, cell: RunCell) -> CellDone:
        """Run one cell."""
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
        """Tell whether a resource that a cell was refused is still exhausted."""
        return limit in _LASTING or (limit == "memory" and _free_memory() < self._free_memory / 2)

    def _run(self, cell: RunCell) -> Raised | None:
        try:
            with self._streams.in_place(), self._interrupts.during_cell():
                error = self._execute(cell)
        except BaseException as stray:  # noqa: BLE001  # an interrupt just after the cell's end
            error = stray
        if error is None:
            return None
        raised = failures.raised(error)
        traceback.clear_frames(error.__traceback__)  # release what they hold
        return raised


def _free_memory() -> int:
    """Return how many bytes this process may still allocate, within a factor of two; 0 without a limit."""
    size = max(resource.getrlimit(resource.RLIMIT_DATA)[0], 0)
    while size and not failures.can_map(size):
        size //= 2
    return size


def run_remaining(cell: RunCell, stopped: int, execute: Callable[[str], object]) -> None:
    """Run the definitions of a cell below the line at which it stopped; ignore their exceptions.

    Args:
        cell: the cell, with its definitions.
        stopped: the line.
        execute: runs source, padded so that its line numbers are the cell's.
    """
    for line, text in cell.rest:
        if line > stopped:
            with contextlib.suppress(BaseException):
                execute("\n" * (line - 1) + text)


def remember_source(name: str, source: str) -> None:
    """Let tracebacks, ``inspect`` and ``doctest`` find source by its file name."""
    lines = io.StringIO(source, newline=None).readlines()  # as Python counts lines: a form feed ends none
    linecache.cache[name] = (len(source), None, lines, name)


def close_figures() -> None:
    """Close matplotlib's figures."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    with contextlib.suppress(Exception):  # it is absent, or the student's code has changed it
        if pyplot.get_fignums():
            pyplot.close("all")


def seed_all(seed: int) -> None:
    """Seed random, numpy and torch, whose states are otherwise the zygote's, or differ each time."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed % (1 << 32))
    torch.manual_seed(seed)
