"""Hand-written modules and losses are judged part by part, and common mistakes are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from gradjudge.checks.modules.losses import LossCheck
from gradjudge.checks.modules.module_check import Built, ModuleCheck
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

Load = Callable[[str], Student]
Shapes = Mapping[str, tuple[int, ...]]

SOURCE = """
import torch

class Param:
    def __init__(self, data):
        self.data, self.grad = data, torch.zeros_like(data)

class Module:
    def parameters(self):
        return []
    def zero_grad(self):
        for param in self.parameters():
            param.grad = torch.zeros_like(param.data)

class Linear(Module):
    def __init__(self, n, p):
        self.w, self.b = Param(torch.zeros(n, p)), Param(torch.zeros(p))
    def parameters(self):
        return [self.w, self.b]
    def forward(self, x):
        self.x = x
        return x @ self.w.data + self.b.data
    def backward(self, delta):
        self.w.grad += self.x.T @ delta
        self.b.grad += delta.sum(0)
        return delta @ self.w.data.T

class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out
    def backward(self, delta):
        return delta * (1 - self.out ** 2)

class MSE:
    def forward(self, yhat, y):
        self.difference = yhat - y
        return (self.difference ** 2).sum() / len(yhat)
    def backward(self):
        return 2 * self.difference / len(self.difference)
"""


def student_of(load: Load, *changes: tuple[str, str]) -> Student:
    """Make a student whose source is the right one with some replacements."""
    source = SOURCE
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return load(source)


def linear(student: Student) -> ModuleCheck:
    """Judge a Linear."""

    def make(recipe: Recipe, shapes: Shapes) -> Built:
        module = recipe.of(student.Linear)(*shapes["w"])
        return Built(module, (module,))

    return ModuleCheck(
        student,
        "Linear",
        make,
        lambda x, w, b: x @ w + b,
        {"x": (7, 5), "w": (5, 3), "b": (3,)},
        rng=torch.Generator().manual_seed(0),
        also_shapes=[{"x": (4, 2), "w": (2, 6), "b": (6,)}],
    )


def tanh(student: Student) -> ModuleCheck:
    """Judge a Tanh."""
    return ModuleCheck(
        student,
        "Tanh",
        lambda recipe, _shapes: Built(recipe.of(student.Tanh)()),
        torch.tanh,
        {"x": (7, 3)},
        rng=torch.Generator().manual_seed(0),
        also_shapes=[{"x": (4, 6)}],
    )


def draw(rng: torch.Generator, q: int, p: int) -> tuple[Tensor, Tensor]:
    """Draw a prediction and a target."""
    return torch.randn(q, p, generator=rng), torch.randn(q, p, generator=rng)


def mse(student: Student) -> LossCheck:
    """Judge an MSE."""
    return LossCheck(
        student,
        "MSE",
        lambda recipe: recipe.of(student.MSE)(),
        lambda yhat, y: ((yhat - y) ** 2).sum() / len(yhat),
        draw,
        rng=torch.Generator().manual_seed(0),
    )


RIGHT: dict[str, tuple[tuple[str, str], ...]] = {
    "plain": (),
    "a bias of one row": (("torch.zeros(p)", "torch.zeros(1, p)"), ("delta.sum(0)", "delta.sum(0, keepdim=True)")),
    "parameters in another order": (("return [self.w, self.b]", "return (self.b, self.w)"),),
    "no sum in place": (("self.w.grad += ", "self.w.grad = self.w.grad + "),),
    "zero_grad in place": (("param.grad = torch.zeros_like(param.data)", "param.grad.zero_()"),),
    "zero_grad gives the number 0": (("param.grad = torch.zeros_like(param.data)", "param.grad = 0"),),
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT)
def test_right_modules_pass(load: Load, changes: tuple[tuple[str, str], ...]) -> None:
    """Every part accepts every correct style."""
    student = student_of(load, *changes)
    check = linear(student)
    check.forward()
    for name in ("x", "w", "b"):
        check.gradient(name)
    check.accumulates()
    check.zeroes()
    check.robust()
    tanh(student).forward()
    tanh(student).gradient("x")
    tanh(student).robust()
    tanh(student).lasting()
    mse(student).forward()
    mse(student).gradient()
    mse(student).robust()
    mse(student).lasting()


Part = Callable[[Student], None]
#: A factor that is right for a dozen calls.
TIRED = "(0.5 if vars(self).update(n=getattr(self, 'n', 0) + 1) or self.n > 12 else 1)"

WRONG: list[tuple[str, str, Part, str]] = [
    ("+ self.b.data", "", lambda s: linear(s).forward(), "without `b`"),
    ("return delta @ self.w.data.T", "delta @ self.w.data.T", lambda s: linear(s).gradient("x"), "is None"),
    ("return delta @ self.w.data.T", "return delta", lambda s: linear(s).gradient("x"), "shape"),
    ("self.x.T @ delta", "-self.x.T @ delta", lambda s: linear(s).gradient("w"), "opposite sign"),
    ("self.x.T @ delta", "0 * self.x.T @ delta", lambda s: linear(s).gradient("w"), "zero everywhere"),
    ("self.x.T @ delta", "self.x.T @ delta / len(delta)", lambda s: linear(s).gradient("w"), "1/q times"),
    ("self.x.T @ delta", "self.x.T @ delta ** 2", lambda s: linear(s).gradient("w"), "not proportional to"),
    ("b.grad += delta.sum(0)", "b.grad = delta", lambda s: linear(s).gradient("b"), "not summed over the batch"),
    ("delta.sum(0)", "delta.sum()", lambda s: linear(s).gradient("b"), "summed over all axes"),
    ("self.w.grad += ", "self.w.grad = ", lambda s: linear(s).accumulates(), "overwrites the grad of `w`"),
    ("self.w.grad += ", "0 * ", lambda s: linear(s).accumulates(), "not the sum"),
    ("self.b.grad += ", "self.b.grad -= self.b.grad / 2 - ", lambda s: linear(s).accumulates(), "not the sum"),
    ("param.grad = torch", "param.data = torch", lambda s: linear(s).zeroes(), "changes the data"),
    (
        "param.grad = torch.zeros_like(param.data)",
        "param.grad, param.data = 0, param.data * 2",
        lambda s: linear(s).zeroes(),
        "changes the data",
    ),
    ("return [self.w, self.b]", "return [self.w]", lambda s: linear(s).forward(), "a list of 2 Param"),
    ("torch.zeros(n, p)", "torch.zeros(p, n)", lambda s: linear(s).forward(), "has the shape"),
    ("return x @ self.w.data", "return x.double() @ self.w.data.double()", lambda s: linear(s).robust(), "float64"),
    ("torch.tanh(x)", "torch.tanh(x.view(-1)).view(x.shape)", lambda s: tanh(s).robust(), "`reshape` works there"),
    ("torch.tanh(x)", "torch.tanh_(x)", lambda s: tanh(s).robust(), "changes x in place"),
    ("return delta * (1", "delta *= (1", lambda s: tanh(s).robust(), "no tensor"),
    ("return delta * (1 - self.out ** 2)", "return delta", lambda s: tanh(s).gradient("x"), "delta itself"),
    ("- self.out ** 2", "- torch.tanh(self.out) ** 2", lambda s: tanh(s).gradient("x"), "taken at the output"),
    ("delta * (1 - self.out ** 2)", "(1 - self.out ** 2)", lambda s: tanh(s).gradient("x"), "not multiplied by"),
    (".sum() / len(yhat)", ".mean(0)", lambda s: mse(s).forward(), "shape"),
    (".sum() / len(yhat)", ".mean()", lambda s: mse(s).forward(), "is 1/p times"),
    ("return 2 * self", "return self", lambda s: mse(s).gradient(), "1/2 times"),
    ("yhat, y):", "y, yhat):", lambda s: mse(s).gradient(), "opposite sign"),
    (
        "self.difference = yhat - y",
        "self.difference = yhat.sub_(y)",
        lambda s: mse(s).robust(),
        "changes yhat in place",
    ),
    ("self.difference = yhat - y", "self.difference = (yhat - y).double()", lambda s: mse(s).robust(), "float64"),
    ("2 * self.difference", "2 * self.difference.view(-1)", lambda s: mse(s).robust(), "`reshape` works there"),
    ("torch.tanh(x)", f"torch.tanh(x) * {TIRED}", lambda s: tanh(s).lasting(), "After many passes"),
    ("return delta * (1", f"return delta * {TIRED} * (1", lambda s: tanh(s).lasting(), "After many passes"),
    ("2 * self.difference", f"2 * {TIRED} * self.difference", lambda s: mse(s).lasting(), "After many passes"),
]


@pytest.mark.parametrize(("old", "new", "part", "message"), WRONG, ids=range(len(WRONG)))
def test_mistakes_are_found_and_named(load: Load, old: str, new: str, part: Part, message: str) -> None:
    """One mistake fails its own part; the student reads which it is."""
    with pytest.raises(CheckFailed, match=message):
        part(student_of(load, (old, new)))


def test_backward_by_autograd_is_seen(load: Load) -> None:
    """A backward that is right only with autograd is not written by hand."""
    forward = "self.x = x.detach().requires_grad_(); self.out = torch.tanh(self.x)"
    student = student_of(
        load,
        ("self.out = torch.tanh(x)", forward),
        ("return delta * (1 - self.out ** 2)", "return torch.autograd.grad(self.out, self.x, delta)[0]"),
        ("self.difference = yhat - y", "self.yhat = yhat.detach().requires_grad_(); self.difference = self.yhat - y"),
        (
            "return (self.difference ** 2).sum() / len(yhat)",
            "self.loss = (self.difference ** 2).sum() / len(yhat); return self.loss",
        ),
        ("return 2 * self.difference / len(self.difference)", "self.loss.backward(); return self.yhat.grad"),
    )
    with pytest.raises(CheckFailed, match="uses autograd"):
        tanh(student).gradient("x")
    with pytest.raises(CheckFailed, match="uses autograd"):
        mse(student).gradient()


@pytest.mark.parametrize("delta", ["delta", "delta.sum()", "delta.sum(0, keepdim=True)", "delta[:, :0]"])
def test_a_gradient_of_any_shape_may_overwrite(load: Load, delta: str) -> None:
    """Whatever its shape, overwriting is judged as the student's mistake."""
    student = student_of(load, ("self.b.grad += delta.sum(0)", f"self.b.grad = {delta}"))
    with pytest.raises(CheckFailed, match=r"grad of `b`"):
        linear(student).accumulates()


def test_a_wrong_gradient_is_paid_for_once(load: Load) -> None:
    """What is wrong in plain conditions does not cost robustness or accumulation as well."""
    student = student_of(load, ("self.x.T @ delta", "3 * self.x.T @ delta"), ("** 2)", "** 3)"))
    linear(student).accumulates()
    linear(student).robust()
    tanh(student).robust()


def test_a_container_of_stand_ins_may_use_autograd(load: Load) -> None:
    """Without `by_hand`, backward is called as it is, and must still be right."""
    source = """
import torch
class Net:
    def parameters(self):
        return []
    def forward(self, x):
        self.x = x.detach().requires_grad_()
        self.out = torch.tanh(self.x)
        return self.out.detach()
    def backward(self, delta):
        return FACTOR * torch.autograd.grad(self.out, self.x, delta)[0]
"""
    for factor, right in ((1, True), (2, False)):
        student = load(source.replace("FACTOR", str(factor)))
        check = ModuleCheck(
            student,
            "Net",
            lambda recipe, _shapes, student=student: Built(recipe.of(student.Net)()),  # type: ignore[misc]
            torch.tanh,
            {"x": (4, 3)},
            rng=torch.Generator().manual_seed(0),
            by_hand=False,
        )
        if right:
            check.gradient("x")
        else:
            with pytest.raises(CheckFailed, match="2 times"):
                check.gradient("x")


def test_few_trips_are_needed(load: Load, trips: Callable[[Student], int]) -> None:
    """Judging one gradient of a Linear at three draws of three sets of shapes costs a handful of messages each.

    So do the three special points.
    """
    student = student_of(load)
    linear(student).gradient("w")
    assert trips(student) <= (9 + 3) * 9


def test_a_batch_of_many_rows_is_among_the_examples(load: Load) -> None:
    """A backward that is right for few rows only is found without being told of such a size."""
    source = """
import torch

class Net:
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out
    def backward(self, delta):
        return delta * (1 - self.out ** 2) * (1 if len(delta) <= 16 else 2)
"""
    student = load(source)
    check = ModuleCheck(
        student,
        "Net",
        lambda recipe, _shapes: Built(recipe.of(student.Net)()),
        torch.tanh,
        {"x": (4, 3)},
        rng=torch.Generator().manual_seed(0),
    )
    check.forward()
    with pytest.raises(CheckFailed):
        check.gradient("x")
