"""Wrong derivatives of element-wise functions are named, for the functions that they are about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.diagnosis import Sighting, diagnose
from gradjudge.checks.functions.references import Example, Formula, Reference
from gradjudge.checks.tolerance import tolerance

SHAPES = {"x": (5, 4)}, {"x": (7, 2)}


def key(formula: Formula, mistake: Callable[[Example], Tensor]) -> str | None:
    """Diagnose a gradient that a mistake makes of an example; return the key."""
    reference = Reference(formula, torch.Generator().manual_seed(0))
    examples = [reference.example(shapes, torch.float64) for shapes in SHAPES]
    sightings = [Sighting(mistake(example), 0, example) for example in examples]
    text = diagnose(sightings, ("x",), reference, tolerance("cpu", torch.float64))
    return text.mistake if text else None


def with_value(slope: Callable[[Tensor], Tensor]) -> Callable[[Example], Tensor]:
    """Return the gradient with a derivative written in the function's value."""
    return lambda example: example.cotangents[0] * slope(example.outputs[0])


def with_input(slope: Callable[[Tensor], Tensor]) -> Callable[[Example], Tensor]:
    """Return the gradient with a derivative written in the input."""
    return lambda example: example.cotangents[0] * slope(example.inputs[0])


@pytest.mark.parametrize(
    ("found", "formula", "mistake"),
    [
        ("at input", torch.tanh, with_input(lambda x: 1 - x**2)),
        ("at input", torch.sigmoid, with_input(lambda x: x * (1 - x))),
        (None, torch.sigmoid, with_input(lambda x: 1 - x**2)),
        ("power", torch.tanh, with_value(lambda v: 1 - v)),
        (None, torch.sigmoid, with_value(lambda v: 1 - v)),
        ("power", torch.sigmoid, with_value(lambda v: v * (1 - v**2))),
        ("power", torch.sigmoid, with_value(lambda v: 1 - v**2)),
        ("at output", torch.tanh, with_value(lambda v: 1 - torch.tanh(v) ** 2)),
        ("at grad_output", torch.relu, lambda t: t.cotangents[0] * (t.cotangents[0] > 0)),
        ("ones", torch.tanh, lambda t: torch.ones_like(t.inputs[0])),
    ],
)
def test_wrong_derivatives_are_named(found: str | None, formula: Formula, mistake: Callable[[Example], Tensor]) -> None:
    """A mistake about one function is not named for another."""
    assert key(formula, mistake) == found


def test_a_missing_factor_is_named_by_its_input() -> None:
    """The input that a gradient lacks as a factor is named; one that does not matter is not."""
    reference = Reference(lambda x, w, b: x @ w + b, torch.Generator().manual_seed(0))
    shapes = [{"x": (5, 4), "w": (4, 3), "b": (3,)}, {"x": (7, 2), "w": (2, 6), "b": (6,)}]
    examples = [reference.example(one, torch.float64) for one in shapes]
    given = [example.cotangents[0] @ torch.ones_like(example.inputs[1]).T for example in examples]
    sightings = [Sighting(got, 0, example) for got, example in zip(given, examples, strict=True)]
    text = diagnose(sightings, ("x", "w", "b"), reference, tolerance("cpu", torch.float64))
    assert text is not None
    assert text.mistake == "local derivative"
    assert "multiplied by `w`" in str(text)


def test_a_formula_that_is_not_defined_there_names_nothing() -> None:
    """A simulated mistake may leave the formula's domain, which is no error of the grader."""

    def picky(x: Tensor, y: Tensor) -> Tensor:
        return (x * y.long().clamp_min(0)).sum() if y.min() > 1 else x.view(-1, 999)

    reference = Reference(picky, torch.Generator().manual_seed(0))
    y = torch.full((3, 2), 5.0, dtype=torch.float64)
    x = [torch.rand(3, 2, dtype=torch.float64) + 1 for _ in range(2)]
    examples = [reference.at((one, y), (torch.ones((), dtype=torch.float64),)) for one in x]
    sightings = [Sighting(torch.rand(3, 2, dtype=torch.float64), 0, example) for example in examples]
    assert diagnose(sightings, ("x", "y"), reference, tolerance("cpu", torch.float64)) is None
