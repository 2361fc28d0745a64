"""torch's gradcheck over the wire: few trips, signed weights, and the prefetched answers are the live ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.failures import StudentRaised
from gradjudge.judge.proxy.prefetch import Prefetched
from gradjudge.judge.proxy.student import Student

LINEAR = """
import torch

class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, g):
        x, w, b = ctx.saved_tensors
        return g @ w.T, x.T @ g, CHANGE(g).sum(0)

linear = Linear.apply

class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x, x.sum()

    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return 2 * x * g + h
"""
RIGHT = LINEAR.replace("CHANGE", "")
MOST_TRIPS = 12

Load = Callable[[str], Student]


def inputs(dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    """Draw inputs of the sheet's shapes: x (13, 5), w (5, 7), b (7,)."""
    rng = torch.Generator().manual_seed(3)
    return [torch.randn(shape, generator=rng, dtype=dtype).requires_grad_() for shape in ((13, 5), (5, 7), (7,))]


def rng() -> torch.Generator:
    """Make the generator of the weights."""
    return torch.Generator().manual_seed(4)


def test_gradcheck_of_linear_takes_few_trips(load: Load, trips: Callable[[Student], int]) -> None:
    """gradcheck of the sheet's Linear sends at most 12 messages; a naive proxy sends 400."""
    student = load(RIGHT)
    gradcheck(student.Linear, inputs(), rng=rng())
    assert trips(student) <= MOST_TRIPS


@pytest.mark.parametrize(
    "change", ["(lambda g: g * g)", "torch.abs", "(lambda g: g.clamp(0, 1))", "(lambda g: 1.01 * g)"]
)
def test_gradcheck_with_weights_sees_what_it_should(load: Load, change: str) -> None:
    """A backward that is right only for one-hot cotangents of 1, or 1 % off, is refused; staff read torch's message."""
    with pytest.raises(CheckFailed, match="gradcheck refuses `Linear`") as caught:
        gradcheck(load(LINEAR.replace("CHANGE", change)).Linear, inputs(), rng=rng())
    assert "Jacobian mismatch" in caught.value.detail


def test_gradcheck_of_several_outputs(load: Load) -> None:
    """A Function with two outputs is checked as a whole."""
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    gradcheck(load(RIGHT).Two, [x], rng=rng())
    with pytest.raises(CheckFailed):
        gradcheck(load(RIGHT.replace("+ h", "+ 2 * h")).Two, [x], rng=rng())


@pytest.mark.parametrize(
    "odd", ["torch.zeros(50_000, dtype=x.dtype)", "x.bfloat16()", "tuple(torch.zeros(1) for _ in range(2_500))"]
)
def test_outputs_without_a_feasible_jacobian_are_refused(load: Load, odd: str) -> None:
    """A row per output entry would take gigabytes; a dtype without derivatives is not the grader's fault."""
    student = load(RIGHT.replace("return x * x, x.sum()", f"return {odd}"))
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    with pytest.raises(CheckFailed) as failed:
        gradcheck(student.Two, [x], rng=rng())
    assert "outputs with" in failed.value.detail


def test_gradcheck_in_float32(load: Load) -> None:
    """With float32's step and tolerance a right Linear passes, and one that is 5 % off does not."""
    allowed = tolerance("cpu", torch.float32)
    gradcheck(load(RIGHT).Linear, inputs(torch.float32), rng=rng(), allowed=allowed)
    with pytest.raises(CheckFailed):
        wrong = load(LINEAR.replace("CHANGE", "(lambda g: 1.05 * g)"))
        gradcheck(wrong.Linear, inputs(torch.float32), rng=rng(), allowed=allowed)


def test_what_raises_is_the_student_s(load: Load) -> None:
    """An exception in forward or backward is reported as the student's, not as a refusal."""
    with pytest.raises(StudentRaised, match=r"ZeroDivisionError in `Linear\.backward`"):
        gradcheck(load(LINEAR.replace("CHANGE(g)", "(1 / 0)")).Linear, inputs(), rng=rng())


def test_a_point_that_was_not_foreseen_is_asked(load: Load) -> None:
    """Away from the prefetched points, outputs and gradients come from the session."""
    student = load(RIGHT)
    fetched = Prefetched(student.Linear, inputs(), eps=1e-6)
    elsewhere = [tensor.detach().add(1).requires_grad_() for tensor in inputs()]
    x, w, b = elsewhere
    output = fetched(*elsewhere)
    assert isinstance(output, torch.Tensor)
    (gradient,) = torch.autograd.grad(output.sum(), [b])
    assert torch.allclose(output, x @ w + b)
    assert torch.equal(gradient, torch.full((7,), 13.0, dtype=torch.float64))


def test_a_cotangent_that_was_not_foreseen_is_asked(load: Load) -> None:
    """At a prefetched point, a new cotangent is pulled back in the session."""
    x, w, b = here = inputs()
    output = Prefetched(load(RIGHT).Linear, here, eps=1e-6)(*here)
    cotangent = torch.randn(13, 7, generator=rng(), dtype=torch.float64)
    gradients = torch.autograd.grad(output, [x, w, b], cotangent)
    assert torch.allclose(gradients[1], x.detach().T @ cotangent)
