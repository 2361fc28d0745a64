"""Formulas as they are commonly misread: a matrix product taken element by element, a missing square."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradjudge.checks.functions.references import Example, Reference, Shape
from gradjudge.text import Text

_PRODUCTS = (torch.matmul, torch.mm, Tensor.matmul, Tensor.mm, Tensor.__matmul__)
_POWERS = (torch.pow, Tensor.pow, Tensor.__pow__)
_SQUARES = (torch.square, Tensor.square)


class _Instead(TorchFunctionMode):
    """Call `other` instead of each function that `chosen` picks, given the function and its arguments."""

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
    """Replace each matrix product of a formula by the element-wise one."""
    return reference.under(_Instead(lambda function, _args: function in _PRODUCTS, lambda left, right: left * right))


def without_squares(reference: Reference) -> Reference:
    """Remove the squares from a formula."""
    return reference.under(_Instead(_is_square, lambda base, *_: base * 1.0))


def with_absolute_values(reference: Reference) -> Reference:
    """Replace the squares of a formula by absolute values."""
    return reference.under(_Instead(_is_square, lambda base, *_: base.abs()))


def square_shapes(shapes: Mapping[str, Shape], size: int) -> dict[str, Shape]:
    """Set every dimension to `size`: there, both kinds of product are defined."""
    return {name: (size,) * len(shape) for name, shape in shapes.items()}


def root_scale(example: Example, rows: int) -> tuple[float, ...]:
    """Return the factors that turn a scalar result into its square root, and into that of it times, or over, `rows`.

    Empty if the result is not positive.
    """
    value = example.outputs[0]
    if value.ndim or float(value) <= 0:
        return ()
    root = float(value) ** -0.5
    return root, root * rows**0.5, root * rows**-0.5


_OTHER_SIDE = Text("is a matrix product with the right factors in the wrong order", mistake="order of factors")
_NOT_TURNED = Text(
    "is a matrix product in which a factor is transposed and should not be, or should be and is not",
    mistake="transposed",
)
_BY_ELEMENT = Text("is an element-wise product (`*`) where a matrix product (`@`) is needed", mistake="element-wise")


def misread_product(given: Sequence[Tensor], examples: Sequence[Example], index: int) -> Text | None:
    """Name what is wrong with a gradient that should be a product of two matrices; None if it is right.

    Args:
        given: the student's gradients for the input `index`.
        examples: what each is for, at `square_shapes`, where any two matrices can be multiplied.
        index: which input.
    """
    right = _pair([example.gradients[index] for example in examples], examples, torch.matmul)
    if right is None or all(
        _is_near(example.gradients[index], got) for example, got in zip(examples, given, strict=True)
    ):
        return None
    found = _pair(given, examples, torch.matmul)
    if found is not None and {found[0][0], found[1][0]} == {right[0][0], right[1][0]}:
        return _NOT_TURNED if found[0][0] == right[0][0] else _OTHER_SIDE
    found = _pair(given, examples, torch.mul)
    return _BY_ELEMENT if found is not None and {found[0][0], found[1][0]} == {right[0][0], right[1][0]} else None


Factor = tuple[int, bool]
"""A matrix of an example: an input by its place, or the cotangent (-1); and whether it is transposed."""


def _pair(
    products: Sequence[Tensor], examples: Sequence[Example], multiply: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Factor, Factor] | None:
    """Find two matrices of each example whose product is the one in `products`."""
    places = [-1, *(place for place, one in enumerate(examples[0].inputs) if one.ndim == 2)]
    factors = [(place, turned) for place in places for turned in (False, True)]
    for left, right in product(factors, repeat=2):
        if all(
            _is_near(multiply(_factor(example, left), _factor(example, right)), got)
            for example, got in zip(examples, products, strict=True)
        ):
            return left, right
    return None


def _factor(example: Example, factor: Factor) -> Tensor:
    place, turned = factor
    matrix = (example.cotangents[0] if place < 0 else example.inputs[place]).double()
    return matrix.T if turned else matrix


def _is_near(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other.double(), rtol=1e-6, atol=1e-9)
