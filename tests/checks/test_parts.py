"""The battery beyond one Function's gradients: fallback credit, bound names, several outputs, trips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.function_check import FunctionCheck
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

Load = Callable[[str], Student]

MSE = """
import torch

class MSE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return {forward}

    @staticmethod
    def backward(ctx, g):
        yhat, y = ctx.saved_tensors
        q, p = yhat.shape
        d = {backward}
        return d, -d

mse = {bound}
"""

POLAR = """
import torch

class Polar(torch.autograd.Function):
    @staticmethod
    def forward(ctx, r, t):
        ctx.save_for_backward(r, t)
        return r * torch.cos(t), r * torch.sin(t)

    @staticmethod
    def backward(ctx, gx, gy):
        r, t = ctx.saved_tensors
        return gx * torch.cos(t) + gy * torch.sin(t), r * (gy * torch.cos(t) SIGN gx * torch.sin(t))
"""


def source(
    forward: str = "((yhat - y) ** 2).sum() / len(yhat)",
    backward: str = "2 * (yhat - y) / q * g",
    bound: str = "MSE.apply",
) -> str:
    """Write an MSE."""
    return MSE.format(forward=forward, backward=backward, bound=bound)


def mse_check(student: Student, **options: Any) -> FunctionCheck:
    """Build the battery for MSE."""

    def formula(yhat: Tensor, y: Tensor) -> Tensor:
        return ((yhat - y) ** 2).sum() / len(yhat)

    rng = torch.Generator().manual_seed(8)
    shapes = {"yhat": (5, 3), "y": (5, 3)}
    return FunctionCheck(student.MSE, formula, shapes, rng=rng, also_shapes=[{"yhat": (6, 2), "y": (6, 2)}], **options)


REDUCTIONS = {
    "the sheet's": source(),
    "mean over all": source("((yhat - y) ** 2).mean()", "2 * (yhat - y) / (q * p) * g"),
    "sum": source("((yhat - y) ** 2).sum()", "2 * (yhat - y) * g"),
    "by column": source("((yhat - y) ** 2).mean(0)", "2 * (yhat - y) / q * g"),
    "by entry": source("(yhat - y) ** 2", "2 * (yhat - y) * g"),
    "half": source("((yhat - y) ** 2).sum() / 2 / len(yhat)", "(yhat - y) / q * g"),
    "right gradient of a wrong forward": source("((yhat - y) ** 2).mean()"),
}
NOT_REDUCTIONS = {
    "mean with a wrong factor": source("((yhat - y) ** 2).mean()", "2 * (yhat - y) / p * g"),
    "absolute value": source("(yhat - y).abs().sum()", "(yhat - y).sign() * g"),
    "square forgotten": source("(yhat - y).sum()", "torch.ones_like(y) * g"),
    "nothing": source("(yhat * 0).sum()", "yhat * 0"),
    "negative": source("-((yhat - y) ** 2).sum()", "-2 * (yhat - y) * g"),
    "not linear": source("((yhat - y) ** 2).mean()", "2 * (yhat - y) / (q * p) * g * g"),
    "a number": source("((yhat - y) ** 2).mean().item()"),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_another_reduction_earns_the_fallback(load: Load, name: str) -> None:
    """A gradient that is right for the formula, or for the student's own reduction of it, passes the fallback."""
    mse_check(load(REDUCTIONS[name])).own_forward_gradient("yhat")


@pytest.mark.parametrize("name", NOT_REDUCTIONS)
def test_another_function_does_not_earn_the_fallback(load: Load, name: str) -> None:
    """A gradient that is wrong for its own forward, or right for another function, does not."""
    with pytest.raises(CheckFailed):
        mse_check(load(NOT_REDUCTIONS[name])).own_forward_gradient("yhat")


def test_the_bound_name_is_the_own_apply(load: Load) -> None:
    """The name passes when it is the Function's ``apply``, or calls it."""
    for bound in ("MSE.apply", "lambda a, b: MSE.apply(a, b)"):
        student = load(source(bound=bound))
        mse_check(student).bound(student.mse)


@pytest.mark.parametrize(
    "bound", ["lambda a, b: ((a - b) ** 2).sum() / len(a)", "3", "lambda a, b: MSE.apply(a, b).detach()", "MSE.forward"]
)
def test_a_name_bound_to_something_else_fails(load: Load, bound: str) -> None:
    """A name that runs plain torch, has no graph, or is no function fails."""
    student = load(source(bound=bound))
    with pytest.raises(CheckFailed):
        mse_check(student).bound(student.mse)


@pytest.mark.parametrize("wrong", ["MSE = 3", "class MSE: pass", "def MSE(yhat, y): return yhat"])
def test_what_is_no_function_fails(load: Load, wrong: str) -> None:
    """A name that is not a class derived from Function fails with a message."""
    with pytest.raises(CheckFailed, match=r"torch\.autograd\.Function is expected"):
        mse_check(load(wrong))


def polar_check(student: Student, **options: Any) -> FunctionCheck:
    """Build the battery for a Function of two outputs."""
    rng = torch.Generator().manual_seed(2)
    shapes = {"r": (4, 3), "t": (4, 3)}
    more = [{"r": (2, 5), "t": (2, 5)}]
    return FunctionCheck(
        student.Polar,
        lambda r, t: (r * torch.cos(t), r * torch.sin(t)),
        shapes,
        rng=rng,
        also_shapes=more,
        **options,
    )


def test_several_outputs(load: Load) -> None:
    """A Function of two outputs is judged in every part, and a wrong sign fails the input it is about."""
    right, wrong = load(POLAR.replace("SIGN", "-")), load(POLAR.replace("SIGN", "+"))
    for part in ("float32", "non-contiguous", "no-mutation", "interleaved"):
        polar_check(right).robust(part)
    polar_check(right).forward()
    polar_check(right).gradient("r")
    polar_check(right).gradient("t")
    polar_check(wrong).gradient("r")
    with pytest.raises(CheckFailed):
        polar_check(wrong).gradient("t")


def test_a_reference_backward_takes_the_place_of_autograd(load: Load) -> None:
    """A test writer may state the gradients instead of having them from the formula."""

    def backward(cotangents: Sequence[Tensor], r: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        gx, gy = cotangents
        return gx * torch.cos(t) + gy * torch.sin(t), r * (gy * torch.cos(t) - gx * torch.sin(t))

    polar_check(load(POLAR.replace("SIGN", "-")), backward=backward).gradient("t")
    with pytest.raises(CheckFailed):
        polar_check(load(POLAR.replace("SIGN", "+")), backward=backward).gradient("t")


def test_a_part_takes_few_trips(load: Load, trips: Callable[[Student], int]) -> None:
    """Judging one gradient takes at most five messages."""
    student = load(source())
    check = mse_check(student)
    before = trips(student)
    check.gradient("yhat")
    assert trips(student) - before <= 5


def test_the_same_seed_gives_the_same_questions(load: Load) -> None:
    """All students get the same inputs: the draws depend on the generator only."""

    def asked() -> list[str]:
        student = load(source())
        mse_check(student).forward()
        return [repr(request) for request in vars(student)["_ask"].asked]

    assert asked() == asked()
