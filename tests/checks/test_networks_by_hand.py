"""Descents of a network with a hidden layer are compared exactly, per parameter, and common mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from gradjudge.checks.training.descent import Descent, Parameters
from gradjudge.checks.training.networks_by_hand import (
    NAMES,
    Activation,
    drawn_network,
    network_mse,
    outputs,
    require_network_trajectory,
)
from gradjudge.checks.training.outcomes import loss_on
from gradjudge.checks.verdict import CheckFailed

SLOPES: dict[Activation, Activation] = {
    torch.tanh: lambda a: 1 - torch.tanh(a) ** 2,
    torch.sigmoid: lambda a: torch.sigmoid(a) * (1 - torch.sigmoid(a)),
    torch.relu: lambda a: (a > 0).to(a.dtype),
}


@dataclass(frozen=True)
class Pupil:
    """How a pupil trains: each attribute is a place for one mistake."""

    g: Activation = torch.tanh
    slope: Activation = SLOPES[torch.tanh]
    slope_at_output: bool = False
    end: Activation | None = None
    frozen: str = ""
    w2_first: bool = False
    factor: float = 1.0

    def train(self, problem: Descent, dtype: torch.dtype = torch.float64) -> Parameters:
        """Descend with gradients by hand."""
        w1, b1, w2, b2 = (problem.start[name].to(dtype) for name in NAMES)
        for batch in problem.batches:
            x, y = (tensor.to(dtype) for tensor in batch)
            a = x @ w1 + b1
            h = self.g(a)
            last = h @ w2 + b2
            yhat = last if self.end is None else self.end(last)
            grad = self.factor * 2 / len(x) * (yhat - y)
            if self.end is not None:
                grad = grad * SLOPES[self.end](last)
            step = {"w2": h.T @ grad, "b2": grad.sum(0)}
            back = w2 - problem.lr * step["w2"] if self.w2_first else w2
            grad = (grad @ back.T) * self.slope(h if self.slope_at_output else a)
            step |= {"w1": x.T @ grad, "b1": grad.sum(0)}
            w1, b1, w2, b2 = (
                value if name == self.frozen else value - problem.lr * step[name]
                for name, value in zip(NAMES, (w1, b1, w2, b2), strict=True)
            )
        return dict(zip(NAMES, (value.double() for value in (w1, b1, w2, b2)), strict=True))


def problem(steps: int = 1, p: int = 1, g: Activation = torch.tanh, seed: int = 0) -> Descent:
    """Draw a network, its rows, and a number of steps."""
    rng = torch.Generator().manual_seed(seed)
    start = drawn_network(rng, 4, 5, p, bias=0.3)
    rows = torch.randn(12, 4, generator=rng, dtype=torch.float64), torch.randn(12, p, generator=rng).double()
    return Descent(start, [rows] * steps, 0.1, network_mse(g))


def said(got: Parameters, descent: Descent, g: Activation = torch.tanh, only: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return the message of a failing check, in English and in French."""
    with pytest.raises(CheckFailed) as caught:
        require_network_trajectory(got, descent, g, only=only)
    return str(caught.value.text), caught.value.text.said("fr")


@pytest.mark.parametrize("g", list(SLOPES), ids=lambda g: str(g.__name__))
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("steps", "p"), [(1, 1), (5, 1), (5, 3)])
def test_right_descents_pass(g: Activation, dtype: torch.dtype, steps: int, p: int) -> None:
    """Gradients by hand in float64, and correct float32, are within the tolerance for twenty networks."""
    for seed in range(20):
        descent = problem(steps, p, g, seed)
        require_network_trajectory(Pupil(g, SLOPES[g]).train(descent, dtype), descent, g)


def test_each_parameter_is_judged_alone() -> None:
    """After one step a frozen parameter fails, and the other three pass."""
    descent = problem()
    for frozen in NAMES:
        got = Pupil(frozen=frozen).train(descent)
        for name in NAMES:
            if name != frozen:
                require_network_trajectory(got, descent, torch.tanh, only=[name])
        en, fr = said(got, descent, only=(frozen,))
        assert f"{frozen} did not move" in en
        assert f"{frozen} n'a pas bougé" in fr


CHAIN: list[tuple[Pupil, str, str, str]] = [
    (Pupil(slope=torch.ones_like), "w1", "derivative of the activation is left out", "dérivée de l'activation manque"),
    (Pupil(slope_at_output=True), "b1", "taken at its output", "prise en sa sortie"),
    (Pupil(g=lambda a: a, slope=torch.ones_like), "w2", "the activation is left out.", "l'activation manque."),
    (Pupil(g=lambda a: a), "w1", "left out of the forward pass", "manque dans la passe avant"),
    (Pupil(end=torch.tanh), "b2", "after the last layer", "après la dernière couche"),
    (Pupil(w2_first=True), "w1", "w2 moves before", "w2 bouge avant"),
    (Pupil(g=torch.sigmoid, slope=SLOPES[torch.sigmoid]), "w1", "uses sigmoid where", "utilise sigmoid alors"),
    (Pupil(g=torch.relu, slope=SLOPES[torch.relu]), "w2", "uses ReLU where", "utilise ReLU alors"),
    (Pupil(factor=0.5), "b2", "a factor 2 is missing", "il manque un facteur 2"),
]


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize(("pupil", "parameter", "en", "fr"), CHAIN)
def test_mistakes_of_the_chain_are_named(pupil: Pupil, parameter: str, en: str, fr: str, steps: int) -> None:
    """After one step for one parameter, and after five for all, the message says what is wrong."""
    descent = problem(steps)
    english, french = said(pupil.train(descent), descent, only=(parameter,) if steps == 1 else ())
    assert en in english
    assert fr in french


def test_a_mistake_that_no_one_makes_is_not_named() -> None:
    """If nothing fits, the message says how far off the parameter is, without digits of it."""
    descent = problem()
    got = dict(Pupil().train(descent))
    got["w1"] = got["w1"] + 0.01 * torch.arange(20.0).reshape(4, 5)
    english, french = said(got, descent, only=("w1",))
    assert "none of the usual mistakes" in english
    assert "aucune des erreurs habituelles" in french


@pytest.mark.parametrize(
    ("change", "en"),
    [
        (lambda b1: b1.expand(12, 5), "not summed over the rows"),
        (lambda b1: torch.full_like(b1, torch.nan), "NaN"),
        (lambda b1: b1[:3], "shape [3]"),
    ],
)
def test_shapes_and_nan_are_reported_as_such(change: Callable[[Tensor], Tensor], en: str) -> None:
    """A bias that grew, NaN or another shape is no mistake of the chain rule, and no crash."""
    descent = problem()
    got = dict(Pupil().train(descent))
    got["b1"] = change(got["b1"])
    assert en in said(got, descent, only=("b1",))[0]


def test_weights_are_drawn_by_fan_in() -> None:
    """The variance of the weights is 1 / fan-in, biases are zero or as large as requested."""
    drawn = drawn_network(torch.Generator().manual_seed(0), 50, 400, 30)
    assert float(drawn["w1"].var()) * 50 == pytest.approx(1, rel=0.03)
    assert float(drawn["w2"].var()) * 400 == pytest.approx(1, rel=0.03)
    assert not drawn["b1"].any()
    assert drawn_network(torch.Generator(), 2, 5, 3, bias=1.0)["b2"].all()


def test_the_loss_is_that_of_the_outputs() -> None:
    """It is (1/q) times the sum over rows and columns; `loss_on` takes the same function."""
    descent = problem(p=3)
    x, y = descent.batches[0]
    due = float(((outputs(descent.start, x, torch.tanh) - y) ** 2).sum() / 12)
    assert float(descent.loss(descent.start, x, y)) == pytest.approx(due)
    assert loss_on(descent.start, descent.start, (x, y), descent.loss) == pytest.approx(due)
