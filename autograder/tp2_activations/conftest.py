"""What the hidden tests of tp2_activations share: formulas, stand-ins, data, calls of the student's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.function_check import FunctionCheck
from gradjudge.checks.training.descent import Descent, Trained, require_first_step, trained
from gradjudge.checks.training.networks_by_hand import (
    NAMES,
    Activation,
    drawn_network,
    network_mse,
    outputs,
    require_network_trajectory,
    wrong_outputs,
)
from gradjudge.checks.verdict import require

FORMULAS: dict[str, Activation] = {"Tanh": torch.tanh, "ReLU": torch.relu, "Sigmoid": torch.sigmoid}
#: An activation that is in no notebook: its derivative cannot be had from its output.
OTHER = "Ripple"


def ripple(x: Tensor) -> Tensor:
    return x + torch.sin(2 * x)


@pytest.fixture
def activation_check(student: Any, rng: torch.Generator, device: torch.device) -> Callable[[str], FunctionCheck]:
    """Judge one of the student's activations, by its name; inputs stay 0.1 away from the corner of ReLU."""

    def judge(name: str) -> FunctionCheck:
        more = [{"x": (64, 5)}, {"x": (4, 1)}, {"x": (1, 6)}]
        return FunctionCheck(
            getattr(student, name), FORMULAS[name], {"x": (7, 3)}, rng=rng, device=device, also_shapes=more
        )

    return judge


@pytest.fixture
def helped_student(student: Any, passed: Callable[[str], bool], instead: Callable[..., None]) -> Any:
    """Judge networks with the course's activations, where they fail with those of the student's that are wrong."""
    for name, formula in FORMULAS.items():
        item = name.lower()
        if not (passed(f"{item}.forward") and passed(f"{item}.dx")):
            ours = student.stand_in(name, params=("x",), formula=f"torch.{formula.__name__}(x)")
            instead(name, ours)
    return student


@pytest.fixture
def activation(helped_student: Any) -> Iterator[Callable[[str], tuple[Any, Activation]]]:
    """Give an activation as the session has it, and as a formula here; `OTHER` is one that nobody has seen."""
    with helped_student.stand_in(OTHER, params=("x",), formula="x + torch.sin(2 * x)"):
        yield lambda name: (getattr(helped_student, name), FORMULAS.get(name, ripple))


@pytest.fixture
def train(helped_student: Any) -> Callable[..., Trained]:
    """Call the student's train_mlp as the statement says, and read what it returned."""

    def call(rows: tuple[Tensor, Tensor], given: Any, start: Mapping[str, Any], lr: float, epochs: int) -> Trained:
        returned = helped_student.train_mlp(*rows, given, list(start.values()), lr, epochs)
        if isinstance(returned, tuple | list) and len(returned) == len(NAMES):  # no history: that has its own check
            returned = (returned,)
        require(
            isinstance(returned, tuple | list) and len(returned) >= 1,
            "`train_mlp` must return (params, history).",
            "`train_mlp` doit renvoyer (params, history).",
        )
        return Trained(trained(returned[0], NAMES, where="train_mlp").parameters, tuple(returned[1:]))

    return call


@pytest.fixture
def follow(train: Callable[..., Trained], activation: Any, rng: torch.Generator) -> Callable[..., None]:
    """Let train_mlp make a descent that is known in full, and compare: ``follow("Tanh", steps, only=["w1"])``."""

    def run(name: str, steps: int, *, outputs: int = 1, only: tuple[str, ...] = ()) -> None:
        given, formula = activation(name)
        rows = (
            torch.randn(12, 4, generator=rng, dtype=torch.float64),
            torch.randn(12, outputs, generator=rng, dtype=torch.float64),
        )
        start = drawn_network(rng, 4, 5, outputs, bias=0.3)
        descent = Descent(start, [rows] * steps, 0.1, network_mse(formula))

        def ends(at: Descent) -> Mapping[str, Tensor]:
            return train(rows, given, start, at.lr, steps).parameters

        def judge(got: Mapping[str, Tensor]) -> None:
            require_network_trajectory(got, descent, formula, only=only)

        if steps == 1:
            require_first_step(ends, descent, judge)
        else:
            judge(ends(descent))

    return run


@pytest.fixture
def predicted(helped_student: Any, activation: Any, rng: torch.Generator) -> Callable[[str], tuple[Any, Tensor, Any]]:
    """Ask the student's predict for the outputs of a drawn network; give them, the right ones, and usual wrong ones."""

    def ask(name: str) -> tuple[Any, Tensor, Any]:
        given, formula = activation(name)
        params = drawn_network(rng, 4, 5, 3, bias=1.0)
        x = torch.randn(9, 4, generator=rng, dtype=torch.float64)
        got = helped_student.predict(list(params.values()), x, given)
        return got, outputs(params, x, formula), wrong_outputs(params, x, formula)

    return ask


@pytest.fixture
def friedman(rng: torch.Generator) -> SimpleNamespace:
    """Draw Friedman's first problem: 1000 rows to train on, 2000 held out, which never enter a session.

    Ten sin(pi x1 x2), twenty (x3 - 1/2)^2, ten x4 and five x5, noise of deviation 0.5, all over 5; the features are
    standardised on the training rows. A line costs 0.26, a constant 0.98.
    """
    x = torch.rand(3000, 5, generator=rng, dtype=torch.float64)
    y = 10 * torch.sin(torch.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = ((y + 0.5 * torch.randn(3000, generator=rng, dtype=torch.float64)) / 5)[:, None]
    x = (x - x[:1000].mean(0)) / x[:1000].std(0)
    return SimpleNamespace(train=(x[:1000], y[:1000]), held_out=(x[1000:], y[1000:]))
