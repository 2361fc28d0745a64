"""Wrong derivatives of element-wise functions: tanh, the sigmoid, ReLU and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from gradjudge.checks.functions.references import Example
from gradjudge.text import Text


class WrongSlope(NamedTuple):
    """A common mistake in a derivative that is written with the function's value v.

    Attributes:
        due: the right derivative, from v.
        wrong: the mistaken one, from the input x and v.
        text: its name, as a predicate.
    """

    due: Callable[[Tensor], Tensor]
    wrong: Callable[[Tensor, Tensor], Tensor]
    text: Text


_AT_INPUT = Text("is written with the input where the value of the function is expected", mistake="at input")
_NO_SQUARE = Text("lacks the square of the derivative", mistake="power")
_SQUARE = Text("has a square that the derivative does not have", mistake="power")

SLOPES = (
    WrongSlope(lambda v: 1 - v**2, lambda x, _v: 1 - x**2, _AT_INPUT),
    WrongSlope(lambda v: v * (1 - v), lambda x, _v: x * (1 - x), _AT_INPUT),
    WrongSlope(lambda v: 1 - v**2, lambda _x, v: 1 - v, _NO_SQUARE),
    WrongSlope(lambda v: v * (1 - v), lambda _x, v: v * (1 - v**2), _SQUARE),
    WrongSlope(lambda v: v * (1 - v), lambda _x, v: 1 - v**2, _SQUARE),
)


def slope_gradients(slope: WrongSlope, example: Example, index: int) -> tuple[Tensor, Tensor] | None:
    """Return the gradients by the right and by the wrong derivative; None for functions that are not element-wise."""
    if len(example.outputs) != 1 or example.outputs[0].shape != example.inputs[index].shape:
        return None
    x, v, cotangent = example.inputs[index].double(), example.outputs[0], example.cotangents[0].double()
    return cotangent * slope.due(v), cotangent * slope.wrong(x, v)
