"""The perceptron: its cost, its gradient (at the kink too), and its training."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import torch
from torch import Tensor

from gradjudge.checks.module_results import fail_autograd, require_gradient, require_output
from gradjudge.checks.references import Reference
from gradjudge.checks.tolerance import tolerance, widest
from gradjudge.checks.training import Descent, require_trajectory, trained
from gradjudge.checks.verdict import CheckFailed, Text, require

NAMES = ("x", "w", "b", "y")
#: The statement's cost, differentiated by autograd; torch's clamp passes the gradient on where f y = 0.
GRADIENT = """
import torch


def perceptron_grad(x, w, b, y):
    with torch.enable_grad():
        w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
        return torch.autograd.grad((-(x @ w + b) * y).clamp(min=0).mean(), (w, b))
"""


def cost(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (-(x @ w + b) * y).clamp(min=0).mean()


@pytest.fixture
def reference(rng):
    return Reference(cost, rng)


@pytest.fixture
def draw(reference, rng, device):
    """Draw x, w, b and labels of -1 and 1, some of them on the right side and some on the wrong one."""

    def numbers(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    def trial(q, n):
        x, w, b = numbers(q, n), numbers(n, 1), numbers(1)
        side = (x @ w + b).sign()
        require(
            got["w"].numel() == 2 and got["b"].numel() == 1,
            "train_perceptron must return w of shape (n, 1) and b of shape (1,).",
            "train_perceptron doit renvoyer w de forme (n, 1) et b de forme (1,).",
        )

    right = (x @ got["w"].reshape(2, 1) + got["b"].reshape(1)) * y > 0
    require(
        bool(right.all()),
        "After 100 epochs, train_perceptron leaves rows on the wrong side that a line separates.",
        "Après 100 époques, train_perceptron laisse du mauvais côté des lignes qu'une droite sépare.",
    )
