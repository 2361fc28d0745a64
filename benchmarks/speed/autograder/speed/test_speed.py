"""Two gradchecks and the loss at the end of the descent."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.checks.verdict import require


def random(rng, *shape):
    """Return a leaf of normal numbers."""
    return torch.randn(*shape, dtype=torch.float64, generator=rng, requires_grad=True)


@pytest.mark.item("mse")
def test_mse_gradcheck(student, rng):
    """The gradients of MSE are its derivatives.

    fr: Les gradients de MSE sont ses dérivées.
    """
    gradcheck(student.MSE, (random(rng, 10, 5), random(rng, 10, 5)), rng=rng)


@pytest.mark.item("linear")
def test_linear_gradcheck(student, rng):
    """The gradients of Linear are its derivatives.

    fr: Les gradients de Linear sont ses dérivées.
    """
    gradcheck(student.Linear, (random(rng, 5, 13), random(rng, 13, 3), random(rng, 3)), rng=rng)


@pytest.mark.item("training")
def test_training(student, threshold):
    """The descent ends at a low loss.

    fr: La descente finit à une perte basse.
    """
    losses = student.losses
    require(len(losses) == 200, "There is not one loss for each epoch.", "Il n'y a pas une perte par époque.")
    require(losses[-1] < threshold("training.loss"), "The last loss is too high.", "La dernière perte est trop haute.")
