"""Losses with a backward of their own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import require


@pytest.mark.item("mse")
def test_mse_forward(loss):
    """MSE.forward gives (1/q) times the sum of squares.

    fr: MSE.forward donne (1/q) fois la somme des carrés.
    """
    loss("MSE").forward()


@pytest.mark.item("mse")
def test_mse_backward(loss):
    """MSE.backward returns dL/dyhat.

    fr: MSE.backward renvoie dL/dyhat.
    """
    loss("MSE").gradient()


@pytest.mark.item("nll")
def test_nll_forward(loss):
    """NLL.forward gives -(1/q) times the sum of the log-probabilities of the right classes.

    fr: NLL.forward donne -(1/q) fois la somme des log-probabilités des bonnes classes.
    """
    loss("NLL").forward()


@pytest.mark.item("nll")
def test_nll_backward(loss):
    """NLL.backward returns dL/dyhat, zero outside of the right classes.

    fr: NLL.backward renvoie dL/dyhat, nul hors des bonnes classes.
    """
    loss("NLL").gradient()


@pytest.mark.item("kldiv")
def test_kldiv_forward(loss):
    """KLDiv.forward gives (1/q) times the sum of y (log y - yhat).

    fr: KLDiv.forward donne (1/q) fois la somme des y (log y - yhat).
    """
    loss("KLDiv").forward()


@pytest.mark.item("kldiv")
def test_kldiv_backward(loss):
    """KLDiv.backward returns dL/dyhat.

    fr: KLDiv.backward renvoie dL/dyhat.
    """
    loss("KLDiv").gradient()


@pytest.mark.item("kldiv")
def test_kldiv_zero(student, rng, device):
    """A term of KLDiv with y = 0 counts 0, and is not NaN.

    fr: Un terme de KLDiv où y = 0 compte pour 0, et n'est pas NaN.
    """
    yhat = torch.randn(6, 4, generator=rng, dtype=torch.float64).log_softmax(1)
    y = torch.eye(4, dtype=torch.float64)[torch.randint(0, 4, (6,), generator=rng)]
    near_zero = (y + 1e-30) / (y + 1e-30).sum(1, keepdim=True)
    recipe = Recipe(student, label="KLDiv")
    cls = recipe.of(student.KLDiv)
    with_zeros, without = cls().forward(yhat, y), cls().forward(yhat, near_zero)
    found = recipe.run(with_zeros, without)
    require(
        all(type(one) is Tensor and one.is_floating_point() and one.numel() == 1 for one in found)
        and not bool(torch.isnan(found[0]).any()),
        "Where y = 0 the term y log y counts 0; `0 * log(0)` is NaN.",
        "Là où y = 0, le terme y log y compte pour 0 ; `0 * log(0)` vaut NaN.",
        mistake="0 log 0",
    )
    require(
        bool(found[1]) and near(found[0], found[1], tolerance(device, torch.float64)),
        "A y that is 0 in places does not give what a y that is nearly 0 there gives.",
        "Un y qui vaut 0 par endroits ne donne pas ce que donne un y presque nul à ces endroits.",
    )
