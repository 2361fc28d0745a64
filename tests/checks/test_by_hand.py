"""Gradients that a plain function returns are judged one by one, and the usual mistakes are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradjudge.checks.by_hand import GradientsByHand
from gradjudge.checks.verdict import CheckFailed

SHAPES = {"x": (6, 5), "w": (5, 3), "b": (3,)}
MORE = [{"x": (3, 2), "w": (2, 4), "b": (4,)}]
Gradients = Callable[[Tensor, Tensor, Tensor, Tensor], object]


def judge(function: object) -> GradientsByHand:
    """Judge a function that takes x, w, b and grad_output."""
    return GradientsByHand(
        function,
        lambda x, w, b: x @ w + b,
        SHAPES,
        returns=["x", "w", "b"],
        rng=torch.Generator().manual_seed(0),
        cotangent=True,
        also_shapes=MORE,
    )


def right(x: Tensor, w: Tensor, b: Tensor, g: Tensor) -> object:
    """Give the three gradients of x @ w + b."""
    return g @ w.T, x.T @ g, g.sum(0)


def test_right_gradients_pass() -> None:
    """A tuple or a list, and a bias of one row, are all right."""
    forms: list[Gradients] = [
        right,
        lambda *args: list(right(*args)),  # type: ignore[call-overload]
        lambda x, w, b, g: (g @ w.T, x.T @ g, g.sum(0, keepdim=True)),
    ]
    for form in forms:
        for name in SHAPES:
            judge(form).gradient(name)


def test_a_cost_needs_no_cotangent() -> None:
    """Where the output is the cost, its own gradient is 1."""
    check = GradientsByHand(
        lambda yhat, y: (2 * (yhat - y) / len(y), 2 * (y - yhat) / len(y)),
        lambda yhat, y: ((yhat - y) ** 2).sum() / len(y),
        {"yhat": (4, 3), "y": (4, 3)},
        returns=["yhat", "y"],
        rng=torch.Generator().manual_seed(0),
    )
    check.gradient("yhat")
    check.gradient("y")


@pytest.mark.parametrize(
    ("name", "wrong", "en"),
    [
        ("x", lambda x, w, b, g: (-g @ w.T, x.T @ g, g.sum(0)), "opposite sign"),
        ("w", lambda x, w, b, g: (g @ w.T, g.T @ x, g.sum(0)), "transposed"),
        ("b", lambda x, w, b, g: (g @ w.T, x.T @ g, 2 * g.sum(0)), "2 times"),
        ("b", lambda x, w, b, g: (g @ w.T, x.T @ g, g), "has shape [6, 3]"),
        ("b", lambda x, w, b, g: (g @ w.T, x.T @ g, None), "is None"),
        ("w", lambda x, w, b, g: (g @ w.T, x.T @ g * torch.nan, g.sum(0)), "NaN"),
    ],
)
def test_a_wrong_gradient_is_named_and_costs_itself_alone(name: str, wrong: Gradients, en: str) -> None:
    """The other two gradients keep their credit."""
    with pytest.raises(CheckFailed) as failure:
        judge(wrong).gradient(name)
    assert en in failure.value.text.en
    for other in SHAPES:
        if other != name:
            judge(wrong).gradient(other)


@pytest.mark.parametrize("returned", [None, 3.0, (torch.zeros(1),), (torch.zeros(1),) * 4])
def test_another_number_of_gradients_fails(returned: object) -> None:
    """What is no tuple of three fails with words."""
    with pytest.raises(CheckFailed, match="3 gradient"):
        judge(lambda *_: returned).gradient("x")


def test_what_is_no_function_fails() -> None:
    """A name that is bound to a number is the student's failure."""
    with pytest.raises(CheckFailed, match="not a function"):
        judge(3.0)
