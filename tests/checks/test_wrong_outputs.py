"""Common mistakes in a forward pass are named if they fit two draws; nothing is named if none does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.references import Example, Formula, Reference
from gradjudge.checks.functions.wrong_outputs import arrangements, diagnose_output

MSE = {"yhat": (7, 3), "y": (7, 3)}, {"yhat": (5, 4), "y": (5, 4)}
LINEAR = {"x": (7, 5), "w": (5, 3), "b": (3,)}, {"x": (4, 2), "w": (2, 6), "b": (6,)}


def mse(yhat: Tensor, y: Tensor) -> Tensor:
    """Return the course's cost."""
    return ((yhat - y) ** 2).sum() / yhat.shape[0]


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return the affine map."""
    return x @ w + b


def key(formula: Formula, mistake: Callable[..., Tensor], *, draws: int = 2) -> str | None:
    """Diagnose the output of a mistake where `formula` is right; return the key."""
    reference = Reference(formula, torch.Generator().manual_seed(0))
    shapes = MSE if formula is mse else LINEAR
    examples = [reference.example(one, torch.float64) for one in shapes[:draws]]
    text = diagnose_output([mistake(*example.inputs) for example in examples], examples, tuple(shapes[0]), reference)
    return text.mistake if text else None


@pytest.mark.parametrize(
    ("found", "mistake"),
    [
        ("factor 1/p", lambda yhat, y: ((yhat - y) ** 2).mean()),
        ("factor q", lambda yhat, y: ((yhat - y) ** 2).sum()),
        ("factor 1/2", lambda yhat, y: mse(yhat, y) / 2),
        ("factor -1/2", lambda yhat, y: -mse(yhat, y) / 2),
        ("sign", lambda yhat, y: -mse(yhat, y)),
        ("without y", lambda yhat, _y: (yhat**2).sum() / len(yhat)),
        ("unreduced", lambda yhat, y: (yhat - y) ** 2),
        ("unreduced", lambda yhat, y: ((yhat - y) ** 2).mean(0)),
        ("power", lambda yhat, y: (yhat - y).abs().sum() / len(yhat)),
        ("power", lambda yhat, y: (yhat - y).abs().mean()),
        ("power", lambda yhat, y: (yhat - y).sum() / len(yhat)),
        ("power", lambda yhat, y: torch.norm(yhat - y) / len(yhat)),
        ("power", lambda yhat, y: torch.norm(yhat - y)),
        ("power", lambda yhat, y: mse(yhat, y).sqrt()),
        (None, lambda yhat, y: ((yhat - y) ** 4).sum() / len(yhat)),
        (None, lambda yhat, y: (yhat - y).abs()),
        (None, lambda yhat, y: 1.0001 * mse(yhat, y) / 2),
    ],
)
def test_wrong_costs(found: str | None, mistake: Callable[..., Tensor]) -> None:
    """A cost with a common mistake is named."""
    assert key(mse, mistake) == found


def test_a_forgotten_input() -> None:
    """A forward without b is named; one that forgets it in one draw alone is not."""
    assert key(linear, lambda x, w, _b: x @ w) == "without b"
    assert key(linear, lambda x, w, b: x @ w + (b if len(x) == 4 else 0)) is None


def test_one_draw_names_nothing() -> None:
    """A factor that fits once may fit by chance."""
    assert key(mse, lambda yhat, y: mse(yhat, y) / 2, draws=1) is None


def test_other_arrangements() -> None:
    """All other orders are tried, then each matrix transposed; the right order is not among them."""
    reference = Reference(linear, torch.Generator().manual_seed(0))
    example: Example = reference.example(LINEAR[0], torch.float64)
    usual = list(arrangements(example, tuple(LINEAR[0])))
    assert [text.mistake for _, text in usual] == ["order"] * 5 + ["transposed"] * 2
    assert not any(all(a is b for a, b in zip(inputs, example.inputs, strict=True)) for inputs, _ in usual)
    (w_b_x,) = (inputs for inputs, text in usual if "order w, b, x" in str(text))
    assert [tuple(one.shape) for one in w_b_x] == [(5, 3), (3,), (7, 5)]
