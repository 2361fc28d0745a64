"""A common mistake is named if it fits two draws; nothing is named if none does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.diagnosis import Sighting, diagnose
from gradjudge.checks.functions.references import Example, Reference
from gradjudge.checks.tolerance import tolerance

ALLOWED = tolerance("cpu", torch.float64)
LINEAR = ("x", "w", "b")
SHAPES = [{"x": (5, 4), "w": (4, 3), "b": (3,)}, {"x": (7, 2), "w": (2, 6), "b": (6,)}]


def reference(seed: int = 0) -> Reference:
    """Make the reference of Linear."""
    return Reference(lambda x, w, b: x @ w + b, torch.Generator().manual_seed(seed))


def told(mistake: Callable[[Example], Tensor], index: int, *, draws: int = 2) -> str | None:
    """Diagnose a gradient that a mistake makes of an example."""
    right = reference()
    examples = [right.example(shapes, torch.float64) for shapes in SHAPES[:draws]]
    text = diagnose([Sighting(mistake(example), index, example) for example in examples], LINEAR, right, ALLOWED)
    return str(text) if text else None


def test_a_gradient_of_terabytes_is_not_looked_at() -> None:
    """The session chooses its size, and simulating a mistake at that size would kill the judge."""
    assert told(lambda _: torch.zeros(1).expand(1 << 40), 1) is None


@pytest.mark.parametrize(
    ("words", "index", "mistake"),
    [
        ("is zero everywhere", 1, lambda t: torch.zeros_like(t.gradients[1])),
        ("opposite sign", 0, lambda t: -t.gradients[0]),
        ("transposed", 1, lambda t: t.gradients[1].T),
        ("is 2 times", 0, lambda t: 2 * t.gradients[0]),
        ("is 1/2 times", 0, lambda t: t.gradients[0] / 2),
        ("is -2 times", 0, lambda t: -2 * t.gradients[0]),
        ("is q times the right one (q: number of rows)", 1, lambda t: len(t.inputs[0]) * t.gradients[1]),
        ("is 1/q times", 2, lambda t: t.gradients[2] / len(t.inputs[0])),
        ("is 1/(q·p) times", 1, lambda t: t.gradients[1] / t.outputs[0].numel()),
        ("is p times", 1, lambda t: t.gradients[1] * t.outputs[0].shape[1]),
        ("is the one for `w`", 0, lambda t: t.gradients[1]),
        ("not summed over the batch", 2, lambda t: t.cotangents[0]),
        ("wrong axis", 2, lambda t: t.cotangents[0].sum(1)),
        ("all axes", 2, lambda t: t.cotangents[0].sum().expand(t.gradients[2].shape)),
        ("not multiplied by grad_output", 1, lambda t: t.inputs[0].T @ torch.ones_like(t.cotangents[0])),
        ("not proportional to grad_output", 1, lambda t: t.inputs[0].T @ t.cotangents[0] ** 2),
        ("not proportional to grad_output", 1, lambda t: t.inputs[0].T @ t.cotangents[0].abs()),
        ("right one but for a factor (relative error of about 1e-3)", 1, lambda t: t.gradients[1] * 1.0005),
    ],
)
def test_mistakes_are_named(words: str, index: int, mistake: Callable[[Example], Tensor]) -> None:
    """A gradient made by a common mistake is named."""
    assert words in str(told(mistake, index))


def test_nothing_is_named_when_nothing_fits() -> None:
    """A gradient that no common mistake explains to 1e-5 gets no name."""
    noise = torch.Generator().manual_seed(1)

    def mistake(example: Example) -> Tensor:
        right = example.gradients[0]
        return -right * (1 + 1e-5 * torch.rand(right.shape, generator=noise, dtype=torch.float64))

    assert told(mistake, 0) is None


def test_one_draw_is_not_enough() -> None:
    """A mistake that fits a single draw is not named."""
    assert told(lambda t: -t.gradients[0], 0, draws=1) is None


def test_mistakes_that_differ_between_draws_are_not_named() -> None:
    """A wrong sign in one draw and a factor in the other fit no single mistake; only the proportion does."""
    factors = iter((-1.0, 2.0))
    assert "but for a factor" in str(told(lambda t: next(factors) * t.gradients[0], 0))


def test_derivative_at_the_output() -> None:
    """f'(f(x)) instead of f'(x) is named for a function whose output has its input's shape."""
    right = Reference(torch.tanh, torch.Generator().manual_seed(2))
    examples = [right.example({"x": shape}, torch.float64) for shape in ((4, 3), (5, 2))]
    wrong = [Sighting(t.cotangents[0] * (1 - torch.tanh(t.outputs[0]) ** 2), 0, t) for t in examples]
    assert "at the output" in str(diagnose(wrong, ("x",), right, ALLOWED))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda yhat, y: (yhat - y).sum() / len(yhat),
        lambda yhat, y: (yhat - y).abs().sum() / len(yhat),
        lambda yhat, y: torch.norm(yhat - y) / len(yhat),
        lambda yhat, y: torch.norm(yhat - y),
        lambda yhat, y: ((yhat - y) ** 2).sum().div(len(yhat)).sqrt(),
    ],
)
def test_a_square_that_is_missing(wrong: Callable[[Tensor, Tensor], Tensor]) -> None:
    """The gradient of the norm, or of the differences, instead of that of the squares, is named."""
    right = Reference(lambda yhat, y: ((yhat - y) ** 2).sum() / len(yhat), torch.Generator().manual_seed(1))
    examples = [right.example({"yhat": shape, "y": shape}, torch.float64) for shape in ((7, 3), (4, 5))]
    mistaken = Reference(wrong, torch.Generator())
    seen = [Sighting(mistaken.gradients(example.inputs, example.cotangents)[0], 0, example) for example in examples]
    text = diagnose(seen, ("yhat", "y"), right, ALLOWED)
    assert text is not None
    assert text.mistake == "power"
