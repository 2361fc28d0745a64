"""Proxies for the student's names, values and failures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.judge.proxy.objects import CallableProxy, FunctionProxy, ObjectProxy
from gradjudge.judge.proxy.student import Student
from gradjudge.wire.messages import Answer, Get, Handle, Missing, Pass, Raised, Reply, Request

SOURCE = """
import torch

learning_rate = 0.05
sizes = [13, (5, 7)]

class Context:
    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

class MSE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / len(yhat)

    @staticmethod
    def backward(ctx, g):
        yhat, y = ctx.saved_tensors
        d = 2 * (yhat - y) / len(yhat) * g
        return d, -d

class Parts(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x, 3 * x

    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return 2 * x * g + 3 * h

mse = MSE.apply

def norm(x, scale=1.0):
    return (x * x).sum() * scale

def number(x):
    return 3.5

def refuse(x):
    raise ValueError(f"hidden {x}")

def describe(ctx):
    return type(ctx).__name__
"""


Load = Callable[[str], Student]


def leaf(*shape: int) -> torch.Tensor:
    """Make a float64 tensor that requires grad."""
    return torch.arange(1.0, 1.0 + torch.Size(shape).numel(), dtype=torch.float64).reshape(shape).requires_grad_()


def reply_with(reply: Reply) -> Student:
    """Make a student whose session always gives the same reply."""

    def ask(_request: Request) -> Reply:
        return reply

    return Student(ask)


def test_names_give_values_and_proxies(load: Load) -> None:
    """A global name is a value where it can be one, and a proxy of the right kind where it cannot."""
    student = load(SOURCE)
    assert student.learning_rate == 0.05
    assert student.sizes == [13, (5, 7)]
    assert isinstance(student.MSE, FunctionProxy)
    assert isinstance(student.norm, CallableProxy)
    assert isinstance(student.Context(), ObjectProxy)


def test_missing_name_fails_with_the_nearest() -> None:
    """An undefined name fails the check, and similar ones are suggested."""
    student = reply_with(Missing("Linear", ("LinearFunction", "not a name!", "linear")))
    with pytest.raises(CheckFailed) as caught:
        _ = student.Linear
    assert str(caught.value) == "`Linear` is not defined. Names like it in your work: `LinearFunction`, `linear`."


def test_alias_stands_for_a_missing_name() -> None:
    """An alias is tried if the name is not defined."""

    def ask(request: Request) -> Reply:
        assert isinstance(request, Get)
        return Answer(7) if request.ref.root == "LinearFunction" else Missing(str(request.ref.root))

    assert Student(ask, {"Linear": ("MyLinear", "LinearFunction")}).Linear == 7


def test_forward_and_backward_by_hand(load: Load) -> None:
    """``forward`` and ``backward`` work through handles with a context of the student's."""
    student = load(SOURCE)
    context = student.Context()
    yhat, y = leaf(4, 3).detach(), torch.zeros(4, 3, dtype=torch.float64)
    value = student.MSE.forward(context, yhat, y)
    gradient, _ = student.MSE.backward(context, torch.tensor(1.0, dtype=torch.float64))
    assert torch.equal(value, (yhat**2).sum() / 4)
    assert torch.equal(gradient, yhat / 2)
    assert torch.equal(context.saved_tensors[0], yhat)


def test_attributes_are_set_where_the_object_lives(load: Load) -> None:
    """Setting an attribute of a proxy sets it in the session; setting an attribute of `student` binds a global."""
    student = load(SOURCE)
    context = student.Context()
    context.kept = 12
    student.learning_rate = 0.5
    assert context.kept == 12
    assert student.learning_rate == 0.5


def test_a_proxy_as_an_argument_is_the_object_itself(load: Load) -> None:
    """A proxy passed as an argument arrives as the student's own object."""
    student = load(SOURCE)
    assert student.describe(student.Context()) == "Context"
    assert student.describe(student.MSE.forward) == "function"


def test_tensors_that_require_grad_are_not_sent_silently(load: Load) -> None:
    """No graph crosses: sending a tensor that requires grad is an error of the test writer."""
    for value in (leaf(3), [leaf(3)]):
        with pytest.raises(TypeError, match="detach"):
            load(SOURCE).norm(value)


def test_what_the_student_raises_shows_no_message(load: Load) -> None:
    """An exception of the student's fails the check; its message, which may hold inputs, is for staff."""
    with pytest.raises(StudentRaised) as caught:
        load(SOURCE).refuse(41)
    assert "ValueError" in str(caught.value)
    assert "41" not in caught.value.text.said("en") + caught.value.text.said("fr")
    assert "hidden 41" in caught.value.detail


@pytest.mark.parametrize(
    "raised",
    [
        Raised("x_is_3", True, ""),
        Raised("ValueError", False, ""),
        Raised("print", True, ""),
        Raised("Hidden", False, ""),
    ],
)
def test_exception_names_are_python_s_own(raised: Raised) -> None:
    """A session cannot carry anything out in a made-up exception name."""
    assert str(StudentRaised(raised, where="f")) == "Your code raised Exception in `f`."


def test_places_are_bounded() -> None:
    """A place is shown only if it is plausible."""
    assert "cell 3, line 7" in str(StudentRaised(Raised("ValueError", True, "", (3, 7)), where="f"))
    assert "cell" not in str(StudentRaised(Raised("ValueError", True, "", (10**15, 7)), where="f"))


def test_a_reply_of_the_wrong_kind_fails_closed() -> None:
    """A session that answers with the wrong kind of reply fails the check."""
    student = reply_with(Answer(Handle(3, "function")))
    function = student.MSE
    with pytest.raises(CheckFailed, match="no usable answer"):
        function.passes([])


def test_proxies_are_shown_without_a_trip(load: Load, trips: Callable[[Student], int]) -> None:
    """``repr`` and dunder look-ups ask the session nothing."""
    student = load(SOURCE)
    function = student.MSE
    before = trips(student)
    assert repr(function) == "<FunctionProxy MSE>"
    assert not hasattr(function, "__wrapped__")
    assert trips(student) == before


def test_stand_in_is_undone(load: Load) -> None:
    """A stand-in takes a Function's place inside the block only."""
    student = load(SOURCE.replace("2 * (yhat - y)", "5 * (yhat - y)"))
    yhat = leaf(4, 3).detach()
    y = torch.zeros(4, 3, dtype=torch.float64)

    def factor() -> float:
        (result,) = student.MSE.passes([Pass((yhat, y), (True, False), ((torch.ones_like(yhat.sum()),),))])
        return float(result.grads[0][0][0, 0] * 4 / yhat[0, 0])

    with student.stand_in("MSE", apply="mse", params=("a", "b"), formula="((a - b) ** 2).sum() / len(a)"):
        assert factor() == pytest.approx(2)
        with student.stand_in("Parts", params=("x",), formula="x + x"):
            pass
        assert factor() == pytest.approx(2)
    assert factor() == pytest.approx(5)


@pytest.mark.parametrize("use", [lambda s: s.learning_rate(1), lambda s: s.learning_rate.apply, lambda s: s.MSE(1)])
def test_a_name_of_another_kind_is_the_students_mistake(load: Load, use: Callable[[Student], object]) -> None:
    """If a number is used as a function, the TypeError becomes a failure that names it, not a bug of ours."""
    student = load(SOURCE)
    with pytest.raises((TypeError, AttributeError)) as caught:
        use(student)
    failure = student.misused(caught.value)
    assert failure is not None
    assert str(failure).startswith(("`learning_rate` is a value of type float", "`MSE` is an object"))


def test_a_bug_in_a_test_is_not_blamed_on_the_student(load: Load) -> None:
    """The message does not mention the type of any value of the student's."""
    student = load(SOURCE)
    assert student.learning_rate == 0.05
    assert student.misused(TypeError("'list' object is not callable")) is None
    assert student.misused(ZeroDivisionError()) is None
