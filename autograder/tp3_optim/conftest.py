"""What the hidden tests of tp3_optim share: drawn trainings, stand-ins, and the calls of the student's functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from gradjudge.checks.instruments import summary_writer
from gradjudge.checks.training.descent import Descent, Parameters, trained
from gradjudge.checks.training.logs import Point, curves
from gradjudge.checks.training.optimisation import Optimiser, Training
from gradjudge.checks.training.student_loops import TrainedModule, mirrored, run_training
from gradjudge.checks.verdict import require

REGRESSOR = """
import torch

class Regressor(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(n, p) for n, p in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
"""
MAKE_OPTIMIZER = """
import torch

def make_optimizer(model, name, lr):
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](model.parameters(), lr=lr)
"""
TRAIN_OPTIM = """
import torch

def train_optim(model, loader, optimizer, epochs, loss_fn=torch.nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
"""
EVALUATE = """
import torch

def evaluate(model, x, y, loss_fn=torch.nn.MSELoss()):
    with torch.no_grad():
        return loss_fn(model(x), y).item()
"""
#: For each item that the campaign builds on: what stands in for it where it has not passed.
STAND_INS = {
    "regressor.registered": ("Regressor", REGRESSOR),
    "regressor.forward": ("Regressor", REGRESSOR),
    "make_optimizer": ("make_optimizer", MAKE_OPTIMIZER),
    "train_optim.sgd": ("train_optim", TRAIN_OPTIM),
    "train_optim.batches": ("train_optim", TRAIN_OPTIM),
    "evaluate.value": ("evaluate", EVALUATE),
}
KEYS = ("batch_size", "epoch", "loss", "updates", "seconds")


@pytest.fixture
def numbers(rng: torch.Generator) -> Callable[..., Tensor]:
    """Draw a tensor of normal numbers, float64: ``numbers(7, 3)``."""
    return lambda *shape: torch.randn(*shape, generator=rng, dtype=torch.float64)


@pytest.fixture
def descent(numbers: Callable[..., Tensor]) -> Callable[[int], Descent]:
    """Draw a full-batch descent with one output whose every step is known: ``descent(steps)``."""
    rows, w, b = (numbers(12, 4), numbers(12, 1)), numbers(4, 1), numbers(1)
    return lambda steps: Descent({"w": w, "b": b}, [rows] * steps, 0.05)


@pytest.fixture
def follow(student: Any) -> Callable[[Descent], Parameters]:
    """Let the student's train_autograd make a descent; give the parameters that it returned."""

    def run(descent: Descent) -> Parameters:
        x, y = descent.batches[0]
        w, b = descent.start["w"], descent.start["b"]
        returned = student.train_autograd(x, y, descent.lr, len(descent.batches), w, b)
        return trained(returned, where="train_autograd").parameters

    return run


@pytest.fixture
def network(numbers: Callable[..., Tensor]) -> Callable[..., nn.Sequential]:
    """Draw a network with tanh between its layers, on this side, in float64: ``network(4, 3, 2, 1)``."""

    def draw(*sizes: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Tanh()] * bool(layers) + [nn.Linear(inputs, outputs)]
        drawn = nn.Sequential(*layers).double()
        with torch.no_grad():
            for parameter in drawn.parameters():
                parameter.copy_(numbers(*parameter.shape) / math.sqrt(parameter.shape[-1]))
        return drawn

    return draw


@pytest.fixture
def training(numbers: Callable[..., Tensor], network: Callable[..., nn.Sequential]) -> Callable[..., Training]:
    """Draw a training of a small network: ``training(Optimiser("SGD", 0.05), rows=[5, 5, 3], epochs=3)``.

    Targets lie well above what the network says at its start, so that every right training makes the loss fall.
    """

    def draw(rule: Optimiser, *, rows: Sequence[int] = (5, 5, 3), epochs: int = 3, stale: bool = False) -> Training:
        model = network(4, 3, 2, 1)
        batches = [(numbers(count, 4), numbers(count, 1) / 2 + 3) for count in rows]
        old = {name: numbers(*value.shape) for name, value in model.named_parameters()} if stale else {}
        return Training(model, batches, epochs, rule, stale=old)

    return draw


@pytest.fixture
def teach(student: Any) -> Callable[..., TrainedModule]:
    """Let the student's train_optim do a training with the course's model: ``teach(training)``."""

    def run(what: Training, *more: Any) -> TrainedModule:
        def call(train: Any, *given: Any) -> Any:
            return train(*given, *more)

        assert isinstance(what.model, nn.Sequential)
        return run_training(student, student.train_optim, what, mirrored(student, what.model), call=call)

    return run


@pytest.fixture
def helped_student(student: Any, passed: Callable[[str], bool], instead: Callable[..., None]) -> Any:
    """Judge the campaign with the course's functions, where it fails with those of the student's that are wrong."""
    for name, source in dict(STAND_INS[item] for item in STAND_INS if not passed(item)).items():
        instead(name, student.stand_in_source(name, source))
    return student


class Row(NamedTuple):
    """One row of a campaign's table."""

    batch_size: float
    epoch: float
    loss: float
    updates: float
    seconds: float


class Campaign(NamedTuple):
    """What a campaign was asked and what it gave; float32 rows, as a student's own."""

    x: Tensor
    y: Tensor
    batch_sizes: tuple[int, ...]
    epochs: int
    lr: float
    table: list[Row]
    written: dict[str, list[Point]]

    def rows(self, batch_size: int) -> list[Row]:
        """Return the rows of one batch size, by epoch."""
        return sorted((row for row in self.table if row.batch_size == batch_size), key=lambda row: row.epoch)

    def due_updates(self, batch_size: int, epoch: int) -> int:
        """Return the steps that are due by the end of an epoch."""
        return math.ceil(len(self.x) / batch_size) * epoch


@pytest.fixture
def run_campaign(helped_student: Any, rng: torch.Generator) -> Callable[..., Campaign]:
    """Let the student run a campaign: ``run_campaign(x, y, batch_sizes, epochs, lr, logs=False)``."""

    def run(
        x: Tensor, y: Tensor, batch_sizes: Sequence[int], epochs: int, lr: float, *, seed: int = 3, logs: bool = False
    ) -> Campaign:
        x, y = x.float(), y.float()
        given = (x, y, list(batch_sizes), epochs, lr, seed)
        if not logs:
            return Campaign(x, y, tuple(batch_sizes), epochs, lr, read_table(helped_student.campaign(*given)), {})
        folder = f"graded-{torch.randint(10**9, (), generator=rng)}"  # no name that a cell may have written to
        writer = summary_writer(helped_student, folder)
        returned = helped_student.campaign(*given, writer=writer)
        written = curves(helped_student, folder)
        return Campaign(x, y, tuple(batch_sizes), epochs, lr, read_table(returned), written)

    return run


def read_table(returned: object) -> list[Row]:
    """Read a table, a list of dicts; a number that is missing, or is none, is NaN."""
    require(
        isinstance(returned, list) and len(returned) > 0 and all(isinstance(row, dict) for row in returned),
        "campaign must return a list of dicts, one for each batch size and epoch.",
        "campaign doit renvoyer une liste de dictionnaires, un par taille de lot et par époque.",
    )
    assert isinstance(returned, list)
    return [Row(*(_number(row.get(key)) for key in KEYS)) for row in returned]


def _number(value: object) -> float:
    if type(value) is Tensor and value.numel() == 1 and not value.is_complex():
        value = value.item()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
