"""Formulas as they are sometimes misread: a matrix product taken element by element, a square left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradjudge.checks.references import Reference, Shape, Trial

_PRODUCTS = (torch.matmul, torch.mm, Tensor.matmul, Tensor.mm, Tensor.__matmul__)
_POWERS = (torch.pow, Tensor.pow, Tensor.__pow__)
_SQUARES = (torch.square, Tensor.square)


class _Instead(TorchFunctionMode):
    """Put `other` in the place of each function that `chosen` picks, by itself and its arguments."""

    def __init__(self, chosen: Callable[[Any, Sequence[Any]], bool], other: Callable[..., Tensor]) -> None:
        super().__init__()
        self._chosen, self._other = chosen, other

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        return self._other(*args) if self._chosen(func, args) else func(*args, **(kwargs or {}))


def _is_square(function: Any, args: Sequence[Any]) -> bool:
    return function in _SQUARES or (function in _POWERS and len(args) == 2 and type(args[1]) in (int, float)
                                    and args[1] == 2)  # fmt: skip


def elementwise(reference: Reference) -> Reference:
    """Take each matrix product of a formula element by element."""
    return reference.under(_Instead(lambda function, _args: function in _PRODUCTS, lambda left, right: left * right))


def without_squares(reference: Reference) -> Reference:
    """Leave the squares of a formula out."""
    return reference.under(_Instead(_is_square, lambda base, *_: base * 1.0))


def with_absolute_values(reference: Reference) -> Reference:
    """Take absolute values where a formula has squares."""
    return reference.under(_Instead(_is_square, lambda base, *_: base.abs()))


def square_shapes(shapes: Mapping[str, Shape], size: int) -> dict[str, Shape]:
    """Give every dimension the same size: there, products of both kinds have a result."""
    return {name: (size,) * len(shape) for name, shape in shapes.items()}


def root_scale(trial: Trial, rows: int) -> tuple[float, ...]:
    """Give what a scalar result is times where its square root stands in its place: of the mean over rows, or the sum.

    Empty where the result is no positive number.
    """
    value = trial.outputs[0]
    if value.ndim or float(value) <= 0:
        return ()
    root = float(value) ** -0.5
    return root, root * rows**0.5, root * rows**-0.5
