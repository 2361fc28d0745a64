"""Process-wide settings that a submission's cells may change: restored before each check."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import Any

import numpy
import torch


class Defaults:
    """Remember this process's working folder, torch's defaults, warning filters and numpy's error state.

    The default dtype that the cells choose is part of the program and stays; see `adopt_dtype`.
    """

    def __init__(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109
        self._dtype = torch.get_default_dtype()
        self._deterministic = torch.are_deterministic_algorithms_enabled()
        self._filters = list(warnings.filters)
        self._errors: dict[str, Any] = dict(numpy.geterr())
        self._depth = sys.getrecursionlimit()

    def adopt_dtype(self) -> None:
        """Keep the default dtype that a cell has set, if it is float32 or float64."""
        if torch.get_default_dtype() in (torch.float32, torch.float64):
            self._dtype = torch.get_default_dtype()

    def restore(self) -> None:
        """Restore the settings; one that fails does not stop the others."""
        for restore_one in (
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
                restore_one()

    def _go_home(self) -> None:
        os.chdir(self._folder)

    def _filter_warnings(self) -> None:
        if warnings.filters != self._filters:
            warnings.resetwarnings()
            warnings.filters[:] = self._filters  # type: ignore[index]
