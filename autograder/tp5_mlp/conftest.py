"""What the hidden tests of tp5_mlp share: formulas, stand-ins, batteries, data, and nets of the student's modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from gradjudge.checks.modules.losses import LossCheck
from gradjudge.checks.modules.module_check import Built, ModuleCheck
from gradjudge.checks.modules.parameters import FoundParameter, load, match
from gradjudge.checks.recipes import Recipe, RecipeStep

#: The statement's own formulas, differentiated by autograd. `Sequential` composes modules as nodes of one graph.
STAND_INS = """
import torch


class Param:
    def __init__(self, data):
        self.data, self.grad = data, torch.zeros_like(data)


class Module:
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return []

    def zero_grad(self):
        for param in self.parameters():
            param.grad = torch.zeros_like(param.data)

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def forward(self, *inputs):
        with torch.enable_grad():
            x, *self.rest = inputs
            self.leaves = [t.detach().clone().requires_grad_() for t in (x, *(p.data for p in self.parameters()))]
            self.out = self.formula(*self.leaves, *self.rest)
        return self.out.detach()

    def backward(self, delta=None):
        dx, *grads = torch.autograd.grad(self.out, self.leaves, delta)
        for param, grad in zip(self.parameters(), grads):
            param.grad = param.grad + grad
        return dx


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w, self.b = Param(torch.randn(n, p, generator=generator) / n**0.5), Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def formula(self, x, w, b):
        return x @ w + b


class Tanh(Module):
    def formula(self, x):
        return torch.tanh(x)


class LogSoftmax(Module):
    def formula(self, x):
        return x.log_softmax(1)


class MSE(Module):
    def formula(self, yhat, y):
        return ((yhat - y) ** 2).sum() / len(yhat)


class NLL(Module):
    def formula(self, yhat, y):
        return -yhat.gather(1, y[:, None]).sum() / len(yhat)


class Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, module):
        ctx.module = module
        return module.forward(x)

    @staticmethod
    def backward(ctx, delta):
        return ctx.module.backward(delta), None


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def parameters(self):
        return [param for module in self.modules for param in module.parameters()]

    def formula(self, x):
        for module in self.modules:
            x = Node.apply(x, module)
        return x

    def forward(self, x):
        with torch.enable_grad():
            self.leaf = x.detach().clone().requires_grad_()
            self.out = self.formula(self.leaf)
        return self.out.detach()

    def backward(self, delta):
        return torch.autograd.grad(self.out, self.leaf, delta)[0]


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for param in self.params:
            param.data = param.data - self.lr * param.grad

    def zero_grad(self):
        for param in self.params:
            param.grad = torch.zeros_like(param.data)
"""

#: Which items of the student's a class stands on: where one has not passed, ours takes its place.
BUILT_FROM: Mapping[str, tuple[str, ...]] = {
    "Linear": ("linear.forward", "linear.dx", "linear.dw", "linear.db", "accumulate"),
    "Tanh": ("tanh",),
    "LogSoftmax": ("logsoftmax.forward", "logsoftmax.backward"),
    "MSE": ("mse",),
    "NLL": ("nll",),
    "Sequential": ("sequential", "accumulate"),
    "SGD": ("sgd",),
}
XOR = ("Linear", "Tanh", "MSE", "Sequential", "SGD")
DIGITS = ("Linear", "Tanh", "LogSoftmax", "NLL", "Sequential", "SGD")
TRAINING_ROWS = 1437


# --- batteries --------------------------------------------------------------------------------------------------------


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return x @ w + b


@pytest.fixture
def activation(student: Any, rng: torch.Generator, device: torch.device) -> Callable[..., ModuleCheck]:
    """Judge a module without parameters: ``activation("Tanh", torch.tanh)``; inputs stay away from 0."""

    def judge(name: str, formula: Callable[[Tensor], Tensor]) -> ModuleCheck:
        cls = getattr(student, name)
        return ModuleCheck(
            student,
            name,
            lambda recipe, _shapes: Built(recipe.of(cls)()),
            formula,
            {"x": (7, 3)},
            rng=rng,
            device=device,
            also_shapes=[{"x": (4, 6)}, {"x": (1, 5)}],
        )

    return judge


@pytest.fixture
def linear_check(student: Any, rng: torch.Generator, device: torch.device) -> ModuleCheck:
    """Judge the student's Linear; q, n and p all differ, so that no transposed matrix fits by chance."""
    cls = student.Linear

    def make(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> Built:
        module = recipe.of(cls)(*shapes["w"])
        return Built(module, (module,))

    return ModuleCheck(
        student,
        "Linear",
        make,
        linear,
        {"x": (7, 5), "w": (5, 3), "b": (3,)},
        rng=rng,
        device=device,
        also_shapes=[{"x": (4, 2), "w": (2, 6), "b": (6,)}, {"x": (5, 3), "w": (3, 1), "b": (1,)}],
    )


@pytest.fixture
def stand_in(student: Any, passed: Callable[[str], bool]) -> Iterator[Callable[..., list[str]]]:
    """Put the course's classes in the place of those that failed, ``stand_in("Linear", "Tanh")``; give their names."""
    with ExitStack() as standing:

        def install(*names: str) -> list[str]:
            ours = [name for name in names if not all(passed(item) for item in BUILT_FROM[name])]
            for name in ours:
                standing.enter_context(student.stand_in_source(name, STAND_INS))
            return ours

        yield install


@pytest.fixture
def sets_gradients() -> str:
    """Give the source of modules whose backward sets gradients, and adds to nothing."""
    return STAND_INS.replace("param.grad = param.grad + grad", "param.grad = grad")


@pytest.fixture
def sequential_check(
    student: Any, stand_in: Callable[..., list[str]], rng: torch.Generator, device: torch.device
) -> ModuleCheck:
    """Judge the student's Sequential of Linear, Tanh, Linear."""
    ours = stand_in("Linear", "Tanh")
    sequential, linear_, tanh = student.Sequential, student.Linear, student.Tanh

    def make(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> Built:
        first, last = recipe.of(linear_)(*shapes["w1"]), recipe.of(linear_)(*shapes["w2"])
        return Built(recipe.of(sequential)(first, recipe.of(tanh)(), last), (first, last))

    return ModuleCheck(
        student,
        "Sequential",
        make,
        lambda x, w1, b1, w2, b2: torch.tanh(x @ w1 + b1) @ w2 + b2,
        {"x": (7, 5), "w1": (5, 4), "b1": (4,), "w2": (4, 3), "b2": (3,)},
        rng=rng,
        device=device,
        by_hand=not ours,
    )


def log_probabilities(rng: torch.Generator, q: int, k: int) -> Tensor:
    return torch.randn(q, k, generator=rng, dtype=torch.float64).log_softmax(1)


def _two(rng: torch.Generator, q: int, p: int) -> tuple[Tensor, Tensor]:
    return torch.randn(q, p, generator=rng).double(), torch.randn(q, p, generator=rng).double()


def _classes(rng: torch.Generator, q: int, k: int) -> tuple[Tensor, Tensor]:
    return log_probabilities(rng, q, k), torch.randint(0, k, (q,), generator=rng)


def _distributions(rng: torch.Generator, q: int, k: int) -> tuple[Tensor, Tensor]:
    return log_probabilities(rng, q, k), log_probabilities(rng, q, k).exp()


LOSSES: Mapping[str, tuple[Callable[..., Tensor], Callable[..., tuple[Tensor, Tensor]]]] = {
    "MSE": (lambda yhat, y: ((yhat - y) ** 2).sum() / len(yhat), _two),
    "NLL": (lambda yhat, y: -yhat.gather(1, y.long()[:, None]).sum() / len(yhat), _classes),
    "KLDiv": (lambda yhat, y: (torch.special.xlogy(y, y) - y * yhat).sum() / len(yhat), _distributions),
}


@pytest.fixture
def loss(student: Any, rng: torch.Generator, device: torch.device) -> Callable[[str], LossCheck]:
    """Judge a loss of the student's: ``loss("NLL")``."""

    def judge(name: str) -> LossCheck:
        cls = getattr(student, name)
        formula, draw = LOSSES[name]
        return LossCheck(student, name, lambda recipe: recipe.of(cls)(), formula, draw, rng=rng, device=device)

    return judge


# --- nets of the student's modules ------------------------------------------------------------------------------------


class Net(NamedTuple):
    """A net in the session, and the parameters of its Linears, in order: weights, bias, weights, bias."""

    net: Any
    params: list[FoundParameter]


@pytest.fixture
def build(student: Any) -> Callable[..., Net]:
    """Build ``Sequential(Linear, Tanh, Linear, ...)`` of the student's classes with given weights."""

    def make(weights: list[Tensor], *, end: str = "") -> Net:
        pairs = list(zip(weights[::2], weights[1::2], strict=True))
        recipe = Recipe(student, label="Sequential")
        linear_ = recipe.of(student.Linear)
        layers: list[RecipeStep] = [linear_(*w.shape) for w, _ in pairs]
        members = list(layers)
        if len(layers) > 1:
            tanh = recipe.of(student.Tanh)
            members = [one for layer in layers for one in (layer, tanh())][:-1]
        if end:
            members.append(recipe.of(getattr(student, end))())
        net = recipe.of(student.Sequential)(*members)
        net_, *lists = recipe.run(net, *(recipe.make("builtins:list", layer.parameters()) for layer in layers))
        params: list[FoundParameter] = []
        for one, pair in zip(lists, pairs, strict=True):
            params += match(student, one, [tuple(tensor.shape) for tensor in pair], "Linear")
        recipe = Recipe(student, label="Param")
        for parameter, value in zip(params, weights, strict=True):
            load(recipe, parameter, value)
        recipe.run()
        return Net(net_, params)

    return make


@pytest.fixture
def fit(student: Any) -> Callable[..., Any]:
    """Let the student's fit train a net: ``fit(built, "MSE", lr, x, y, epochs, batch_size, seed=1)``; give its history.

    `stop` names a class whose object is given as fit's `stop`.
    """

    def run(built: Net, loss: str, lr: float, *args: Any, seed: int | None = None, stop: str = "") -> Any:
        recipe = Recipe(student, label="fit")
        net = recipe.of(built.net)
        optimizer = recipe.of(student.SGD)(net.parameters(), lr)
        options: dict[str, RecipeStep] = {}
        if seed is not None:
            options["generator"] = recipe.make("torch:Generator")
            options["generator"].manual_seed(seed)
        if stop:
            options["stop"] = recipe.of(getattr(student, stop))()
        (history,) = recipe.run(
            recipe.of(student.fit)(net, recipe.of(getattr(student, loss))(), optimizer, *args, **options)
        )
        return history

    return run


@pytest.fixture
def values(student: Any) -> Callable[[Net], list[Tensor]]:
    """Read the weights of a net."""

    def read(built: Net) -> list[Tensor]:
        recipe = Recipe(student, label="parameters")
        return list(recipe.run(*(recipe.of(parameter.param).data for parameter in built.params)))

    return read


@pytest.fixture
def outputs(student: Any) -> Callable[[Net, Tensor], Any]:
    """Run a net forward."""

    def read(built: Net, x: Tensor) -> Any:
        recipe = Recipe(student, label="forward")
        return recipe.run(recipe.of(built.net).forward(x))[0]

    return read


@pytest.fixture
def weights(rng: torch.Generator) -> Callable[..., list[Tensor]]:
    """Draw weights N(0, 1/n) and biases of zero for layers of these widths: ``weights(2, 4, 1)``."""

    def draw(*widths: int) -> list[Tensor]:
        drawn: list[Tensor] = []
        for n, p in pairwise(widths):
            drawn.append(torch.randn(n, p, generator=rng, dtype=torch.float64) / n**0.5)
            drawn.append(torch.zeros(p, dtype=torch.float64))
        return drawn

    return draw


def _digits() -> SimpleNamespace:
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    x, y = torch.tensor(data.data / 16)[order], torch.tensor(data.target)[order]
    return SimpleNamespace(x=x[:TRAINING_ROWS], y=y[:TRAINING_ROWS], held_out=(x[TRAINING_ROWS:], y[TRAINING_ROWS:]))


DATA = _digits()


@pytest.fixture
def digits() -> SimpleNamespace:
    """Give scikit-learn's digits: rows to train on, and held-out rows whose classes never enter a session."""
    return DATA
