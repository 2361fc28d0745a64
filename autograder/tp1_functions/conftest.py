"""What the hidden tests of tp1_functions share: data, formulas, stand-ins, and the calls of the student's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.datasets import load_diabetes
from torch import Tensor

from gradjudge.checks.functions.function_check import FunctionCheck
from gradjudge.checks.training.batches import BatchStructure
from gradjudge.checks.training.descent import Descent, Parameters, Trained, trained
from gradjudge.checks.training.outcomes import full_batch_epochs, least_squares
from gradjudge.checks.verdict import CheckFailed

MSE = "((yhat - y) ** 2).sum() / yhat.shape[0]"
LINEAR = "x @ w + b"
TRAINING_ROWS = 342


def mse(yhat: Tensor, y: Tensor) -> Tensor:
    return ((yhat - y) ** 2).sum() / yhat.shape[0]


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return x @ w + b


def cost(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return mse(linear(x, w, b), y)


def _diabetes() -> SimpleNamespace:
    """Split scikit-learn's bundled diabetes data; the target is in hundreds and not centred.

    A centred target would hide a bias that is never updated.
    """
    data = load_diabetes(scaled=False)
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(data.data, dtype=torch.float64)[order]
    y = torch.tensor(data.target, dtype=torch.float64)[order, None] / 100
    mean, deviation = x[:TRAINING_ROWS].mean(0), x[:TRAINING_ROWS].std(0)
    x = (x - mean) / deviation
    start = {"w": torch.zeros(x.shape[1], 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}
    train, held_out = (x[:TRAINING_ROWS], y[:TRAINING_ROWS]), (x[TRAINING_ROWS:], y[TRAINING_ROWS:])
    target = 1.05 * least_squares(train)
    return SimpleNamespace(
        train=train,
        held_out=held_out,
        start=start,
        target=target,
        full_batch_epochs=full_batch_epochs(start, train, 0.01, target),
    )


DIABETES = _diabetes()


@pytest.fixture
def diabetes() -> SimpleNamespace:
    """Give the rows to train on, the held-out rows (they never enter a session) and what full batch needs."""
    return DIABETES


@pytest.fixture
def formulas() -> SimpleNamespace:
    """Give the course's formulas: functions for this side, expressions for stand-ins."""
    return SimpleNamespace(mse=mse, linear=linear, cost=cost, MSE=MSE, LINEAR=LINEAR)


@pytest.fixture
def mse_check(student: Any, rng: torch.Generator, device: torch.device) -> FunctionCheck:
    """Judge the student's MSE; p > 1, so that a mean over all entries differs from the course's cost."""
    return FunctionCheck(
        student.MSE,
        mse,
        {"yhat": (7, 3), "y": (7, 3)},
        rng=rng,
        device=device,
        also_shapes=[{"yhat": (64, 5), "y": (64, 5)}, {"yhat": (5, 1), "y": (5, 1)}, {"yhat": (1, 4), "y": (1, 4)}],
        scales=[1e6, 100.0, 0.01, 1e-6],
    )


@pytest.fixture
def linear_check(student: Any, rng: torch.Generator, device: torch.device) -> FunctionCheck:
    """Judge the student's Linear; q, n and p all differ, so that no transposed matrix fits by chance."""
    return FunctionCheck(
        student.Linear,
        linear,
        {"x": (7, 5), "w": (5, 3), "b": (3,)},
        rng=rng,
        device=device,
        also_shapes=[
            {"x": (64, 4), "w": (4, 6), "b": (6,)},
            {"x": (5, 2), "w": (2, 1), "b": (1,)},
            {"x": (1, 3), "w": (3, 4), "b": (4,)},
        ],
        scales=[1e6, 100.0, 0.01, 1e-6],
    )


def our_linear(student: Any, order: Sequence[str] = ("x", "w", "b")) -> AbstractContextManager[None]:
    """Make a stand-in for Linear that takes its arguments in this order."""
    context: AbstractContextManager[None] = student.stand_in("Linear", apply="linear", params=order, formula=LINEAR)
    return context


@contextmanager
def our_linear_in_their_order(student: Any) -> Iterator[None]:
    """Make one that takes them in the order in which the student's own is right; nothing is asked before it is used."""
    shapes, apart = {"x": (7, 5), "w": (5, 3), "b": (3,)}, torch.Generator().manual_seed(0)
    try:
        order = FunctionCheck(student.Linear, linear, shapes, rng=apart).order()
    except CheckFailed:
        order = tuple(shapes)
    with our_linear(student, order):
        yield


@pytest.fixture
def helped_student(student: Any, passed: Callable[[str], bool], instead: Callable[..., None]) -> Any:
    """Judge training with the course's functions, where it fails with those of the student's that are wrong.

    A training that calls Linear with its arguments in another order is judged with ours in that order too.
    """
    if not (passed("mse.forward") and passed("mse.dyhat")):
        instead("MSE", student.stand_in("MSE", apply="mse", params=("yhat", "y"), formula=MSE))
    if not passed("linear.forward"):
        instead("Linear", our_linear(student), our_linear_in_their_order(student))
    elif not (passed("linear.dw") and passed("linear.db")):
        instead("Linear", our_linear(student))
    return student


@pytest.fixture
def descent(rng: torch.Generator) -> Callable[..., Descent]:
    """Draw a full-batch descent whose every step is known: ``descent(steps, outputs)``."""

    def draw(steps: int, outputs: int = 1) -> Descent:
        def numbers(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=rng, dtype=torch.float64)

        rows = numbers(12, 4), numbers(12, outputs)
        return Descent({"w": numbers(4, outputs), "b": numbers(outputs)}, [rows] * steps, 0.05)

    return draw


@pytest.fixture
def follow(helped_student: Any) -> Callable[[Descent], Parameters]:
    """Let the student's train_batch make a descent; give the parameters that it returned."""

    def run(descent: Descent) -> Parameters:
        x, y = descent.batches[0]
        w, b = descent.start["w"], descent.start["b"]
        returned = helped_student.train_batch(x, y, descent.lr, len(descent.batches), w=w, b=b)
        return trained(returned).parameters

    return run


@pytest.fixture
def train_minibatch(helped_student: Any) -> Callable[..., Trained]:
    """Call the student's train_minibatch as the statement says, and read what it returned."""

    def train(*args: Any, **options: Any) -> Trained:
        return trained(helped_student.train_minibatch(*args, **options), where="train_minibatch")

    return train


@pytest.fixture
def train_sgd(helped_student: Any) -> Callable[..., Trained]:
    """Call the student's train_sgd as the statement says, and read what it returned."""

    def train(*args: Any, **options: Any) -> Trained:
        return trained(helped_student.train_sgd(*args, **options), where="train_sgd")

    return train


@pytest.fixture
def minibatches(train_minibatch: Callable[..., Trained]) -> BatchStructure:
    """Read the structure of the student's mini-batches: 10 rows in batches of 4, so 4, 4 and 2."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, size: int, w: Tensor, b: Tensor) -> Parameters:
        return train_minibatch(x, y, lr, epochs, size, w=w, b=b).parameters

    return BatchStructure(train, rows=10, batch_size=4)


@pytest.fixture
def single_rows(train_sgd: Callable[..., Trained]) -> BatchStructure:
    """Read the structure of the student's stochastic descent: 10 rows, one for each step."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, _size: int, w: Tensor, b: Tensor) -> Parameters:
        return train_sgd(x, y, lr, epochs, w=w, b=b).parameters

    return BatchStructure(train, rows=10, batch_size=1)
