"""The battery for one hand-written ``torch.autograd.Function``: a test writer states a formula and asks for parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]
Formula = Callable[..., Tensor | tuple[Tensor, ...]]
ReferenceBackward = Callable[..., Sequence[Tensor]]


class FunctionCheck:
    """Judge the Function `function` against a plain formula, one part at a time.

    Every part draws its own inputs from `rng`, asks the session in one or two messages, and raises `CheckFailed` (or
    `StudentRaised`) when the part fails. A part returns None when it passes.

    Args:
        function: what ``student.NAME`` gave; a value that is no Function fails every part.
        formula: the same function in plain torch; it is differentiated by autograd here, in float64.
        shapes: names of the inputs in order, with the shape of each.
        rng: generator on the CPU from which inputs, cotangents and weights come.
        device: the device that the session computes on; decides tolerances.
        also_shapes: further sets of shapes at which values and gradients are compared (a batch of 64, tall, one
            column...).
        scales: further magnitudes at which gradients are compared; only for functions that are homogeneous (no exp).
        apply: what the name bound to ``function.apply`` gave (``student.mse``); `forward` then checks it as well.
        backward: ``backward(cotangents, *inputs) -> gradients``, instead of autograd over `formula`.
    """

    def __init__(
        self,
        function: Any,
        formula: Formula,
        shapes: Mapping[str, Shape],
        *,
        rng: torch.Generator,
        device: torch.device | str = "cpu",
        also_shapes: Sequence[Mapping[str, Shape]] = (),
        scales: Sequence[float] = (),
        apply: Any = None,
        backward: ReferenceBackward | None = None,
    ) -> None:
        raise NotImplementedError

    def forward(self) -> None:
        """Compare value, shape and dtype of ``forward`` with the formula at every set of shapes."""
        raise NotImplementedError

    def gradient(self, name: str, *, flatten: bool = False) -> None:
        """Judge the gradient with respect to `name` alone, in everything that makes a derivative right.

        With `flatten` the values are compared after ``reshape(-1)``: (1, p) for (p,) passes, an unsummed (q, p) fails.
        """
        raise NotImplementedError

    def shape_of_gradient(self, name: str, *, also: Sequence[Shape] = ()) -> None:
        """Compare the exact shape of the gradient of `name` (called directly), at its own shape and at each of `also`.

        The values must be right as well (flattened).
        """
        raise NotImplementedError

    def robust(self, aspect: str) -> None:
        """Judge one aspect of robustness: "float32", "non-contiguous", "no-mutation" or "interleaved".

        Only gradients that are right in plain conditions are judged; if none is, the part fails.
        """
        raise NotImplementedError

    def own_forward_gradient(self, name: str, *, flatten: bool = False) -> None:
        """Accept the gradient of `name` if it is right for the formula, or for the student's own forward.

        The own forward must be the formula with another reduction (mean for sum, by column, element-wise).
        """
        raise NotImplementedError
