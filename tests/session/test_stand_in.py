"""Stand-ins behave like the Function that they replace, in whatever way it is called."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pupils import Pupil
from torch import Tensor

from gradjudge.judge.proxy.formula_session import make_function
from gradjudge.judge.proxy.student import by_formula
from gradjudge.wire.messages import Raised, Restore

MSE = make_function("MSE", ("yhat", "y"), "((yhat - y) ** 2).sum() / yhat.shape[0]")


class Saving:
    """A context with a method, as in the statement."""

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep them."""
        self.saved_tensors = tensors


class Slotted:
    """A context on which no other attribute can be set."""

    __slots__ = ("saved_tensors",)

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep them."""
        self.saved_tensors = tensors


def numbers() -> tuple[Tensor, Tensor, Tensor]:
    """Draw yhat and y; return them with the right gradient."""
    yhat, y = (torch.randn(4, 3, dtype=torch.float64) for _ in range(2))
    return yhat, y, 2 / 4 * (yhat - y)


@pytest.mark.parametrize("context", [Saving, Slotted, SimpleNamespace])
@pytest.mark.parametrize("sets_up", [False, True])
def test_by_hand_with_any_context(context: type, sets_up: bool) -> None:
    """With ctx first or with setup_context, and with a context that has save_for_backward or only attributes."""
    yhat, y, right = numbers()
    ctx = context()
    if sets_up:
        output = MSE.forward(yhat, y)
        MSE.setup_context(ctx, (yhat, y), output)
    else:
        output = MSE.forward(ctx, yhat, y)
    assert torch.allclose(output, ((yhat - y) ** 2).sum() / 4)
    dyhat, dy = MSE.backward(ctx, torch.ones_like(output))
    assert torch.allclose(dyhat, right)
    assert torch.allclose(dy, -right)


@pytest.mark.parametrize("first", [None, 1, 1.0, torch.tensor(1.0), torch.ones(1), torch.ones(1, 1)])
def test_any_one_is_a_first_grad_output(first: Any) -> None:
    """Any value with one element is a grad_output for a cost; None is 1."""
    yhat, y, right = numbers()
    ctx = Saving()
    MSE.forward(ctx, yhat, y)
    assert torch.allclose(MSE.backward(ctx, first)[0], right)


def test_a_grad_output_of_more_elements_is_refused() -> None:
    """A cost has one element, and so must its grad_output."""
    yhat, y, _ = numbers()
    ctx = Saving()
    MSE.forward(ctx, yhat, y)
    with pytest.raises(RuntimeError):
        MSE.backward(ctx, torch.ones(4, 3))


def test_through_the_engine_and_as_an_instance() -> None:
    """apply can be called, and so can an instance and the class itself."""
    yhat, y, right = numbers()
    yhat.requires_grad_()
    calls: list[Any] = [MSE.apply, MSE(), MSE]
    for call in calls:
        (got,) = torch.autograd.grad(call(yhat, y), yhat)
        assert torch.allclose(got, right)


WRITTEN = """
import torch
from torch.autograd import Function

class {name}(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 3 * x
    @staticmethod
    def backward(ctx, g):
        return 3 * g

{bound}

class Context:
    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

def by_hand(function):
    ctx = Context()
    return [function.forward(ctx, torch.ones(1)).item(), function.backward(ctx, torch.ones(1)).item()]
"""


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "bound", "used"),
    [
        ("Triple", "triple = Triple.apply", "[*by_hand(Triple), triple(torch.ones(1)).item()]"),
        ("triple", "", "[*by_hand(triple), triple.apply(torch.ones(1)).item()]"),
        ("Triple", "triple = Triple()", "[*by_hand(triple), triple.apply(torch.ones(1)).item()]"),
        ("Triple", "triple = Triple()", "[*by_hand(Triple), triple(torch.ones(1)).item()]"),
        ("Fois3", "triple = Fois3.apply", "[*by_hand(Fois3), triple(torch.ones(1)).item()]"),
        ("Triple", "Fois3 = Triple; fois3 = Triple.apply", "[*by_hand(Fois3), fois3(torch.ones(1)).item()]"),
        ("Triple", "def triple(x): return Triple.apply(x)", "[*by_hand(Triple), triple(torch.ones(1)).item()]"),
        ("Triple", "", "[*by_hand(Triple), Triple.apply(torch.ones(1)).item()]"),
    ],
)
def test_all_names_of_the_students_class_are_bound(pupil: Pupil, name: str, bound: str, used: str) -> None:
    """The class under any name, its apply and instances are replaced by the stand-in's, and restored."""
    pupil.define(WRITTEN.format(name=name, bound=bound))
    before = set(pupil.namespace.names)
    stand_in = by_formula("Triple", "triple", ("x",), "5 * x")
    assert not isinstance(pupil.ask(stand_in), Raised)
    pupil.define(f"first = {used}")
    pupil.ask(Restore())
    assert set(pupil.namespace.names) - before == {"first"}
    assert pupil.namespace.names["first"] == [5.0, 5.0, 5.0]
    if bound != "triple = Triple()":
        pupil.define(f"then = {used}")
        assert pupil.namespace.names["then"] == [3.0, 3.0, 3.0]
