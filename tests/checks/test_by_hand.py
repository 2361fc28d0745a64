"""Gradients that a plain function returns are judged one by one, and common mistakes are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.by_hand import GradientsByHand
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

SHAPES = {"x": (6, 5), "w": (5, 3), "b": (3,)}
MORE = [{"x": (3, 2), "w": (2, 4), "b": (4,)}]
Gradients = Callable[[Tensor, Tensor, Tensor, Tensor], object]
Load = Callable[[str], Student]


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
    """If the output is the cost, its own gradient is 1."""
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
    assert en in str(failure.value)
    for other in SHAPES:
        if other != name:
            judge(wrong).gradient(other)


@pytest.mark.parametrize("returned", [None, 3.0, (torch.zeros(1),), (torch.zeros(1),) * 4])
def test_another_number_of_gradients_fails(returned: object) -> None:
    """Anything but a tuple of three fails with a message."""
    with pytest.raises(CheckFailed, match="3 gradient"):
        judge(lambda *_: returned).gradient("x")


def test_what_is_no_function_fails() -> None:
    """A name that is bound to a number is the student's failure."""
    with pytest.raises(CheckFailed, match="not a function"):
        judge(3.0)


FORCED = """
import torch

def right(x, w, b, g):
    return g @ w.T, x.T @ g, g.sum(0)

def wrong(x, w, b, g):
    return g @ w.T, -x.T @ g, g.sum(0)

def raises(x, w, b, g):
    raise ValueError

def asks(x, w, b, g):
    x, w, b = (t.detach().requires_grad_() for t in (x, w, b))
    (x @ w + b).backward(g)
    return x.grad, w.grad, b.grad

def asks_func(x, w, b, g):
    return torch.func.grad(lambda x, w, b: ((x @ w + b) * g).sum(), (0, 1, 2))(x, w, b)

def falls_back(x, w, b, g):
    try:
        return asks(x, w, b, g)
    except RuntimeError:
        return x, w, b
"""


@pytest.mark.parametrize("name", ["asks", "asks_func", "falls_back"])
def test_autograd_inside_is_found_by_force(load: Load, name: str) -> None:
    """A function that is right only with autograd is not derived by hand, whatever its source looks like."""
    with pytest.raises(CheckFailed, match="uses autograd"):
        judge(getattr(load(FORCED), name)).gradient("w")


def test_force_leaves_other_verdicts_alone(load: Load) -> None:
    """Right functions of the session pass; a mistake or an exception is reported as itself."""
    student = load(FORCED)
    judge(student.right).gradient("w")
    with pytest.raises(CheckFailed, match="opposite sign"):
        judge(student.wrong).gradient("w")
    with pytest.raises(CheckFailed, match="ValueError"):
        judge(student.raises).gradient("w")


def test_gradients_are_right_in_float32_too() -> None:
    """A function that is right in float64 alone fails; float32 inputs are judged to float32 precision."""

    def single(x: Tensor, w: Tensor, b: Tensor, g: Tensor) -> object:
        return g @ w.T, x.T @ g if x.dtype == torch.float64 else 1.1 * x.T @ g, g.sum(0)

    judge(single).gradient("x")
    with pytest.raises(CheckFailed, match="wrong"):
        judge(single).gradient("w")
