"""What the hidden tests of tp0_micrograd share: the student's Value on graphs, small comparisons, the XOR network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gradjudge.checks import ObjectProxy
from gradjudge.checks.micrograd.engines import replay
from gradjudge.checks.micrograd.graphs import Graph, GraphValues, same
from gradjudge.checks.micrograd.scalars import ScalarClass, as_number
from gradjudge.checks.micrograd.separation import Point, drawn_set, perceptron_rounds, separates
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.verdict import fail, require

Name = tuple[str, str] | None

# Value for judging train_xor after a mistake in Value: torch's own autograd behind the names of the statement.
VALUE = '''
import torch


def _node(other):
    return other._node if isinstance(other, Value) else float(other)


class Value:
    """A scalar of the statement's kind, on torch's autograd."""

    def __init__(self, data, *_args, **_kwargs):
        self._node = data if isinstance(data, torch.Tensor) else torch.tensor(float(data), dtype=torch.float64)
        if not self._node.requires_grad:
            self._node.requires_grad_()

    @property
    def data(self):
        return self._node.item()

    @data.setter
    def data(self, number):
        self._node.data = torch.tensor(float(number), dtype=torch.float64)

    @property
    def grad(self):
        return 0.0 if self._node.grad is None else self._node.grad.item()

    @grad.setter
    def grad(self, number):
        self._node.grad = torch.tensor(float(number), dtype=torch.float64)

    def __add__(self, other):
        return Value(self._node + _node(other))

    def __mul__(self, other):
        return Value(self._node * _node(other))

    def __sub__(self, other):
        return Value(self._node - _node(other))

    def __truediv__(self, other):
        return Value(self._node / _node(other))

    def __rsub__(self, other):
        return Value(other - self._node)

    def __rtruediv__(self, other):
        return Value(other / self._node)

    def __pow__(self, number):
        return Value(self._node**number)

    def __neg__(self):
        return Value(-self._node)

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        return Value(self._node.exp())

    def tanh(self):
        return Value(self._node.tanh())

    def relu(self):
        return Value(self._node.relu())

    def backward(self):
        self._node.backward()

    backprop = backpropagate = backward_pass = back_propagate = compute_gradients = backward
'''
VALUE_ITEMS = (
    "value.ops",
    "value.tree",
    "value.reuse",
    "value.order",
    "value.numbers",
    "value.minus_div_pow",
    "value.exp",
    "value.tanh",
    "value.relu",
)

MOST_NUMBERS = 1000

XOR_POINTS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
XOR_LABELS = (-1.0, 1.0, 1.0, -1.0)


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_numbers(student: Any) -> Callable[[str, float, float], tuple[float, float]]:
    """Call a function of two numbers that returns two."""

    def call(name: str, x: float, y: float) -> tuple[float, float]:
        got = getattr(student, name)(x, y)
        if not (isinstance(got, list | tuple) and len(got) == 2):
            fail(
                f"{name}(x, y) must return two numbers.",
                f"{name}(x, y) doit renvoyer deux nombres.",
                detail=f"got {got!r}",
            )
        return as_number(got[0], name), as_number(got[1], name)

    return call


@pytest.fixture
def pairs(rng: torch.Generator) -> list[tuple[float, float]]:
    """Draw pairs (x, y) of ordinary, of large and of whole numbers; no two parts of a gradient agree in any."""
    drawn = (0.5 + 2 * torch.rand(4, 2, generator=rng, dtype=torch.float64)).tolist()
    signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ordinary = [(sx * x, sy * (y + 0.1)) for (x, y), (sx, sy) in zip(drawn, signs, strict=True)]
    return [*ordinary, *((1e11 * x, 3e11 * y) for x, y in ordinary), (3, -5), (2.0, -3.0)]


# --- Value ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def values(student: Any) -> ScalarClass:
    """Judge the student's Value on graphs."""
    return ScalarClass(student)


@pytest.fixture
def plus_and_times(values: ScalarClass) -> SimpleNamespace:
    """Tell which of + and * are right where nothing is used twice; one stands in for the other where it is not."""
    return _plus_and_times(values, 2)


@pytest.fixture
def single_plus_and_times(values: ScalarClass) -> SimpleNamespace:
    """Tell the same of single operations: what goes wrong further back has been paid for."""
    return _plus_and_times(values, 1)


def _plus_and_times(values: ScalarClass, depth: int) -> SimpleNamespace:
    sound = values.sound(("+", "*"), depth)
    require(
        bool(sound),
        "Neither a + b nor a * b gives right gradients, so this cannot be judged.",
        "Ni a + b ni a * b ne donnent de gradients justes : cette question ne peut pas être évaluée.",
    )
    plus, times = ("+" if "+" in sound else "*"), ("*" if "*" in sound else "+")
    return SimpleNamespace(sound=sound, plus=plus, times=times)


@pytest.fixture
def overwriting(values: ScalarClass, passed: Callable[[str], bool]) -> Callable[[Graph], Callable[[GraphValues], bool]]:
    """Accept the right order of a class that overwrites gradients: that mistake was paid for in value.reuse.

    Where most operations are wrong, as in a class whose every gradient is 1, nothing tells the right order.
    """

    def accept(graph: Graph) -> Callable[[GraphValues], bool]:
        def accepted(found: GraphValues) -> bool:
            if passed("value.reuse") or not values.excuses():
                return False
            return any(same(found, replay(graph, adds=values.accumulates, flipped=flip)) for flip in (False, True))

        return accepted

    return accept


@pytest.fixture
def twice(passed: Callable[[str], bool]) -> Callable[[Graph], Graph]:
    """Write an expression a second time over the same leaves: gradients add up, also there.

    Where value.reuse has not passed, the expression stays as it is: overwriting has been paid for.
    """
    return lambda graph: graph.doubled() if passed("value.reuse") else graph


@pytest.fixture
def overwrites(values: ScalarClass, passed: Callable[[str], bool]) -> Callable[[], bool]:
    """Tell whether a gradient that is not added was paid for in value.reuse: + or * overwrites there too."""
    return lambda: (
        not passed("value.reuse") and values.excuses() and not all(all(values.accumulates(one)) for one in ("+", "*"))
    )


@pytest.fixture
def inside(values: ScalarClass) -> Callable[[Graph], Graph]:
    """Multiply an expression by one more leaf, so that the gradient that it receives is not 1.

    Where * is not right, the expression stays as it is.
    """

    def multiplied(graph: Graph) -> Graph:
        if not values.sound(("*",)):
            return graph
        return graph.times(-1.7)

    return multiplied


# --- separable --------------------------------------------------------------------------------------------------------


@pytest.fixture
def point_sets(rng: torch.Generator) -> list[tuple[Name, list[Point], list[int]]]:
    """Draw forty sets of points: ten that a line hardly separates, ten that it does, twenty that it does not."""
    hard: list[tuple[Name, list[Point], list[int]]] = []
    while len(hard) < 10:
        points, labels = drawn_set(rng, separable=True)
        if perceptron_rounds(points, labels) > 10:
            hard.append((None, points, labels))
    easy = [(None, *drawn_set(rng, separable=separable)) for separable in (*10 * (True,), *20 * (False,))]
    return [*hard, *easy]


@pytest.fixture
def require_separable(student: Any) -> Callable[..., None]:
    """Ask separable about sets of points in one trip, and compare."""

    def ask(sets: Sequence[tuple[Name, Sequence[Point], Sequence[int]]]) -> None:
        recipe = Recipe(student, label="separable")
        function = recipe.of(student.separable)
        answers = [recipe.make("builtins:str", function(list(points), list(labels))) for _, points, labels in sets]
        for (name, points, labels), answer in zip(sets, recipe.run(*answers), strict=True):
            due = separates(points, labels)
            says = {"True": True, "1": True, "False": False, "0": False, "tensor(True)": True, "tensor(False)": False}
            got = says.get(answer)
            require(
                got is not None,
                "separable must return True or False.",
                "separable doit renvoyer True ou False.",
                detail=f"got {answer!r}",
            )
            en, fr = name or ("a set of points", "un ensemble de points")
            touching = not due and separates(points, labels, gap=0)
            also_en = "; a point on the line counts as wrong" if touching else ""
            also_fr = " ; un point sur la droite compte comme mal placé" if touching else ""
            require(
                got == due,
                f"separable is wrong for {en}: {'a' if due else 'no'} line separates the two classes{also_en}.",
                f"separable se trompe pour {fr} : {'une' if due else 'aucune'} droite"
                f" {'sépare' if due else 'ne sépare'} les deux classes{also_fr}.",
                detail=f"{points} {labels}",
            )

    return ask


# --- XOR --------------------------------------------------------------------------------------------------------------


def xor_outputs(weights: Tensor) -> Tensor:
    """Compute the network of the statement at the four points; weights (17,) in its order."""
    hidden = weights[:12].reshape(4, 3)
    points = torch.tensor(XOR_POINTS, dtype=weights.dtype)
    return torch.tanh(points @ hidden[:, :2].T + hidden[:, 2]) @ weights[12:16] + weights[16]


def xor_cost(weights: Tensor) -> Tensor:
    """Compute the mean squared error over the four points."""
    return ((xor_outputs(weights) - torch.tensor(XOR_LABELS, dtype=weights.dtype)) ** 2).mean()


def xor_descent(start: Tensor, lr: float, epochs: int) -> tuple[Tensor, list[float]]:
    """Descend; give the weights and the cost at the start of each epoch."""
    weights, history = start, []
    for _ in range(epochs):
        leaf = weights.detach().requires_grad_()
        cost = xor_cost(leaf)
        (gradient,) = torch.autograd.grad(cost, leaf)
        weights = weights - lr * gradient
        history.append(cost.item())
    return weights, history


@pytest.fixture
def xor() -> SimpleNamespace:
    """Give the trusted side of the XOR network."""
    return SimpleNamespace(outputs=xor_outputs, cost=xor_cost, descent=xor_descent, labels=torch.tensor(XOR_LABELS))


@pytest.fixture
def train_xor(student: Any, passed: Callable[[str], bool]) -> Iterator[Callable[..., tuple[Tensor, list[float]]]]:
    """Call the student's train_xor, with the course's Value where the student's own has a mistake."""
    with ExitStack() as standing:
        if not all(passed(item) for item in VALUE_ITEMS):
            standing.enter_context(student.stand_in_source("Value", VALUE))

        def train(start: Tensor, lr: float, epochs: int) -> tuple[Tensor, list[float]]:
            return _read_training(student.train_xor(start.tolist(), lr, epochs))

        yield train


def _read_training(got: object) -> tuple[Tensor, list[float]]:
    if not (isinstance(got, list | tuple) and len(got) == 2):
        fail(
            "train_xor must return (weights, history).",
            "train_xor doit renvoyer (weights, history).",
            detail=f"got {got!r}",
        )
    lists = []
    for name, given in zip(("weights", "history"), got, strict=True):
        listed = given.tolist() if isinstance(given, Tensor) else given
        require(
            isinstance(listed, list | tuple) and len(listed) <= MOST_NUMBERS,
            f"The {name} that train_xor returns must be a list of numbers.",
            f"Les {name} que renvoie train_xor doivent être une liste de nombres.",
            detail=f"got {given!r}",
        )
        # A list of Values, not of their data, says as much.
        lists.append([as_number(one.data if isinstance(one, ObjectProxy) else one, name) for one in listed])
    require(
        len(lists[0]) == 17,
        "train_xor must return 17 weights.",
        "train_xor doit renvoyer 17 poids.",
        detail=f"got {len(lists[0])}",
    )
    return torch.tensor(lists[0], dtype=torch.float64), lists[1]
