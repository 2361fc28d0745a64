"""What a process has one of, and a submission's cells may leave changed: put back before each check."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import Any

import numpy
import torch


class Defaults:
    """Remember how this process is now: its folder, torch's defaults, what is done about warnings and odd numbers.

    Single or double precision, whichever the cells choose, is part of the program and stays; see `choose`.
    """

    def __init__(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109
        self._dtype = torch.get_default_dtype()
        self._deterministic = torch.are_deterministic_algorithms_enabled()
        self._filters = list(warnings.filters)
        self._errors: dict[str, Any] = dict(numpy.geterr())
        self._depth = sys.getrecursionlimit()

    def choose(self) -> None:
        """Take the default dtype that a cell has left for the program's own, if it is one to compute gradients in."""
        if torch.get_default_dtype() in (torch.float32, torch.float64):
            self._dtype = torch.get_default_dtype()

    def put_back(self) -> None:
        """Make it so again, whatever a part of it says to that."""
        for one in (
            self._go_home,
            lambda: torch.set_default_device(None),
            lambda: torch.set_default_dtype(self._dtype),
            lambda: torch.use_deterministic_algorithms(self._deterministic),
            lambda: torch.autograd.set_detect_anomaly(False),
            self._filter_warnings,
            lambda: numpy.seterr(**self._errors),
            lambda: sys.setrecursionlimit(max(self._depth, sys.getrecursionlimit())),
        ):
            with contextlib.suppress(Exception):
                one()

    def _go_home(self) -> None:
        os.chdir(self._folder)

    def _filter_warnings(self) -> None:
        if warnings.filters != self._filters:
            warnings.resetwarnings()
            warnings.filters[:] = self._filters  # type: ignore[index]
