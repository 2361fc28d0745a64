"""What the hidden tests of tp4_autoencoder share: data, formulas, models in the session, trainings made of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from gradjudge.checks import CallableProxy
from gradjudge.checks.instruments import generator, optimizer
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.training.checkpoints import Trainee, TrainingActions
from gradjudge.checks.training.optimisation import Optimiser, Training
from gradjudge.checks.verdict import fail, require

INPUTS, LATENT = 6, 4
TRAINING_ROWS = 1437
NAMES = ("theta", "b1", "b2")
#: The course's model, as the statement gives it; autograd does the rest.
TIED = """
import torch

class TiedAutoencoder(torch.nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = torch.nn.Parameter(torch.empty(latent, inputs))
        torch.nn.init.kaiming_uniform_(self.theta, a=5**0.5)
        self.b1 = torch.nn.Parameter(torch.zeros(latent))
        self.b2 = torch.nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return y @ self.theta + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))
"""


class Twin(nn.Module):
    """The same model on this side, in float64, from given parameters."""

    def __init__(self, theta: Tensor, b1: Tensor, b2: Tensor) -> None:
        super().__init__()
        self.theta, self.b1, self.b2 = (nn.Parameter(value.double()) for value in (theta, b1, b2))

    def forward(self, x: Tensor) -> Tensor:
        """Return decode(encode(x))."""
        return reconstruction(x, self.theta, self.b1, self.b2)


def reconstruction(x: Tensor, theta: Tensor, b1: Tensor, b2: Tensor) -> Tensor:
    return (x @ theta.T + b1) @ theta + b2


def loss(xhat: Tensor, x: Tensor) -> Tensor:
    """Return the course's loss, (1/q) times the sum of squares over rows and columns."""
    return ((xhat - x) ** 2).sum() / x.shape[0]


def cost(x: Tensor, theta: Tensor, b1: Tensor, b2: Tensor) -> Tensor:
    return loss(reconstruction(x, theta, b1, b2), x)


def _digits() -> SimpleNamespace:
    """Split scikit-learn's bundled digits, divided by 16; the rows to train on come in batches of 64."""
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    x, labels = torch.tensor(data.data / 16, dtype=torch.float32)[order], torch.tensor(data.target)[order]
    batches = list(zip(x[:TRAINING_ROWS].split(64), labels[:TRAINING_ROWS].split(64), strict=True))
    return SimpleNamespace(batches=batches, held_out=x[TRAINING_ROWS:].double())


DIGITS = _digits()


@pytest.fixture
def digits() -> SimpleNamespace:
    """Give batches to train on, and held-out rows, which never enter a session."""
    return DIGITS


@pytest.fixture
def draw(rng: torch.Generator) -> Callable[..., Tensor]:
    """Draw float32 numbers of a normal law: ``draw(3, 2)``."""

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    return numbers


@pytest.fixture
def start(draw: Callable[..., Tensor]) -> dict[str, Tensor]:
    """Draw parameters of a small model: every matrix has another number of rows than of columns."""
    return {"theta": draw(LATENT, INPUTS) / 2, "b1": draw(LATENT), "b2": draw(INPUTS)}


# --- models in the session --------------------------------------------------------------------------------------------


def made(student: Any, device: torch.device, inputs: int = INPUTS, latent: int = LATENT) -> CallableProxy:
    """Make ``TiedAutoencoder(inputs, latent)`` on the device that is graded on."""
    recipe = Recipe(student, label="TiedAutoencoder")
    (model,) = recipe.run(recipe.of(student.TiedAutoencoder)(inputs, latent).to(str(device)))
    if not isinstance(model, CallableProxy):
        fail("TiedAutoencoder(inputs, latent) is no module.", "TiedAutoencoder(inputs, latent) n'est pas un module.")
    return model


def place(student: Any, model: Any, values: Mapping[str, Tensor]) -> None:
    """Give parameters these values where they are; a theta that the student has transposed gets the transpose."""
    shape = shape_of_theta(student, model) if "theta" in values else None
    recipe = Recipe(student, label="TiedAutoencoder")
    for name, value in values.items():
        turned = name == "theta" and shape == list(value.T.shape) != list(value.shape)
        getattr(recipe.of(model), name).data.copy_(value.T if turned else value)
    recipe.run()


def shape_of_theta(student: Any, model: Any) -> list[int]:
    recipe = Recipe(student, label="TiedAutoencoder.theta")
    (shape,) = recipe.run(recipe.make("builtins:list", recipe.of(model).theta.shape))
    return shape


def read(student: Any, model: Any) -> dict[str, Tensor]:
    """Read theta, b1 and b2."""
    recipe = Recipe(student, label="TiedAutoencoder")
    held = recipe.of(model)
    values = dict(zip(NAMES, recipe.run(*(getattr(held, name) for name in NAMES)), strict=True))
    for name, value in values.items():
        require(
            isinstance(value, Tensor) and value.is_floating_point(),
            f"The attribute {name} of the model is no tensor of floating point numbers.",
            f"L'attribut {name} du modèle n'est pas un tenseur de nombres à virgule.",
        )
    return values


@pytest.fixture
def models(student: Any, device: torch.device) -> SimpleNamespace:
    """Give what handles the student's own model: make it, read and place its parameters, look at theta's shape."""
    return SimpleNamespace(
        made=partial(made, student, device),
        place=partial(place, student),
        read=partial(read, student),
        shape_of_theta=partial(shape_of_theta, student),
        reconstruction=reconstruction,
        cost=cost,
        inputs=INPUTS,
        latent=LATENT,
    )


@pytest.fixture
def model_is_right(passed: Callable[[str], bool]) -> bool:
    """Say whether the student's model has all its points."""
    return passed("encode") and passed("decode") and passed("tied")


@pytest.fixture
def helped_student(student: Any, model_is_right: bool) -> Iterator[Any]:
    """Judge what is built on the model with the course's own if the student's has lost points already."""
    with ExitStack() as standing:
        if not model_is_right:
            standing.enter_context(student.stand_in_source("TiedAutoencoder", TIED))
        yield student


@pytest.fixture
def models_in_use(helped_student: Any, device: torch.device) -> SimpleNamespace:
    """Give what handles the model that is in use: the student's, or the course's in its place."""

    def loss_per_pixel(parameters: Mapping[str, Tensor], x: Tensor, _y: Tensor) -> Tensor:
        return ((reconstruction(x, **parameters) - x) ** 2).mean()

    return SimpleNamespace(
        made=partial(made, helped_student, device),
        place=partial(place, helped_student),
        read=partial(read, helped_student),
        train_by_steps=lambda model, rule, batches, epochs: train_by_steps(
            helped_student, model, rule, batches, len(batches), epochs
        ),
        loss_per_pixel=loss_per_pixel,
    )


# --- trainings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def training(start: dict[str, Tensor], draw: Callable[..., Tensor]) -> Callable[..., Training]:
    """Draw a training that is known in full: ``training("SGD", 0.02, [5, 3], epochs)``, sizes of its batches."""

    def known(rule: str, lr: float, sizes: list[int], epochs: int) -> Training:
        rows = [draw(size, INPUTS).double() for size in sizes]
        return Training(Twin(**start), [(x, x) for x in rows], epochs, Optimiser(rule, lr), loss)

    return known


@pytest.fixture
def fitted(helped_student: Any, device: torch.device) -> Callable[..., tuple[dict[str, Tensor], Any]]:
    """Let the student's fit do a training in float32; give the parameters, and what fit returned."""

    def run(training: Training, **options: Any) -> tuple[dict[str, Tensor], Any]:
        model = made(helped_student, device)
        place(helped_student, model, {name: value.float() for name, value in training.start.items()})
        batches = [(x.float(), torch.zeros(len(x), dtype=torch.int64)) for x, _ in training.batches]
        rule = optimizer(helped_student, model, training.rule.name, lr=training.rule.lr)
        options = {"epochs": training.epochs, "device": str(device)} | options
        returned = helped_student.fit(model, batches, rule, options.pop("epochs"), **options)
        return read(helped_student, model), returned

    return run


def train_by_steps(student: Any, model: Any, rule: Any, loader: Any, batches: int, epochs: int) -> None:
    """Train in the session with the course's steps, where the student's own fit has lost its points already.

    Args:
        loader: a list of ``(x, label)`` on this side, or a loader of the session that gives `batches` of them.
    """
    for _ in range(epochs):
        recipe = Recipe(student, label="TiedAutoencoder")
        held, stepper = recipe.of(model), recipe.of(rule)
        source = [] if isinstance(loader, list) else [recipe.make("builtins:iter", recipe.of(loader))]
        for number in range(batches):
            batch = recipe.make("builtins:next", *source)[0] if source else loader[number][0]
            x = recipe.make("torch:clone", batch)
            stepper.zero_grad()
            gap = held(x) - x
            cost_of_batch = (gap**2).sum() / recipe.make("builtins:len", x)
            cost_of_batch.backward()
            stepper.step()
        recipe.run()


@pytest.fixture
def actions(
    helped_student: Any, device: torch.device, passed: Callable[[str], bool], draw: Callable[..., Tensor]
) -> Callable[..., TrainingActions]:
    """Make small trainings that can be cut and resumed: ``actions("Adam", 0.05, shuffle=True)``."""
    student, rows, size = helped_student, 10, 4
    x, labels = draw(rows, INPUTS), torch.arange(rows)
    starts = [{"theta": draw(LATENT, INPUTS) / 2, "b1": draw(LATENT), "b2": draw(INPUTS)} for _ in range(2)]

    def known(rule: str, lr: float, *, shuffle: bool) -> TrainingActions:
        def fresh(number: int) -> Trainee:
            model, seeded = made(student, device), generator(student, 11 + number)
            place(student, model, starts[number])
            recipe = Recipe(student, label="loader")
            rows_of = recipe.make("torch.utils.data:TensorDataset", x, labels)
            options = {"shuffle": True, "generator": recipe.of(seeded)} if shuffle else {}
            (loader,) = recipe.run(recipe.make("torch.utils.data:DataLoader", rows_of, size, **options))
            return Trainee(model, optimizer(student, model, rule, lr=lr), seeded, loader)

        def train(one: Trainee, epochs: int, start: int) -> None:
            if passed("fit"):
                student.fit(one.model, one.loader, one.optimizer, epochs, start=start, device=str(device))
            else:
                train_by_steps(student, one.model, one.optimizer, one.loader, math.ceil(rows / size), epochs - start)

        return TrainingActions(
            fresh=fresh,
            train=train,
            parameters=lambda model: read(student, model),
            place=lambda model, values: place(student, model, values),
        )

    return known
