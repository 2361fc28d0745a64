"""Modules with a backward of their own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.verdict import require


@pytest.mark.item("linear.forward")
def test_linear_forward(linear_check):
    """Linear.forward gives x @ w + b.

    fr: Linear.forward donne x @ w + b.
    """
    linear_check.forward()


@pytest.mark.item("linear.dx")
def test_linear_dx(linear_check):
    """Linear.backward returns dL/dx.

    fr: Linear.backward renvoie dL/dx.
    """
    linear_check.gradient("x")


@pytest.mark.item("linear.dw")
def test_linear_dw(linear_check):
    """Linear.backward adds dL/dw to w.grad.

    fr: Linear.backward ajoute dL/dw à w.grad.
    """
    linear_check.gradient("w")


@pytest.mark.item("linear.db")
def test_linear_db(linear_check):
    """Linear.backward adds dL/db to b.grad.

    fr: Linear.backward ajoute dL/db à b.grad.
    """
    linear_check.gradient("b")


@pytest.mark.item("tanh")
def test_tanh_forward(activation):
    """Tanh.forward gives tanh of every number.

    fr: Tanh.forward donne la tanh de chaque nombre.
    """
    activation("Tanh", torch.tanh).forward()


@pytest.mark.item("tanh")
def test_tanh_backward(activation):
    """Tanh.backward returns dL/dx.

    fr: Tanh.backward renvoie dL/dx.
    """
    activation("Tanh", torch.tanh).gradient("x")


@pytest.mark.item("sigmoid")
def test_sigmoid_forward(activation):
    """Sigmoid.forward gives 1 / (1 + exp(-x)).

    fr: Sigmoid.forward donne 1 / (1 + exp(-x)).
    """
    activation("Sigmoid", torch.sigmoid).forward()


@pytest.mark.item("sigmoid")
def test_sigmoid_backward(activation):
    """Sigmoid.backward returns dL/dx.

    fr: Sigmoid.backward renvoie dL/dx.
    """
    activation("Sigmoid", torch.sigmoid).gradient("x")


@pytest.mark.item("relu")
def test_relu_forward(activation):
    """ReLU.forward gives max(0, x).

    fr: ReLU.forward donne max(0, x).
    """
    activation("ReLU", torch.relu).forward()


@pytest.mark.item("relu")
def test_relu_backward(activation):
    """ReLU.backward returns dL/dx (never judged at x = 0).

    fr: ReLU.backward renvoie dL/dx (jamais jugé en x = 0).
    """
    activation("ReLU", torch.relu).gradient("x")


@pytest.mark.item("accumulate")
def test_gradients_accumulate(linear_check):
    """Two passes of Linear without zero_grad add up in the grads.

    fr: Deux passes de Linear sans zero_grad s'ajoutent dans les grad.
    """
    linear_check.accumulates()


@pytest.mark.item("accumulate")
def test_zero_grad(linear_check):
    """zero_grad sets every grad to zero, and leaves the parameters alone.

    fr: zero_grad remet chaque grad à zéro, et ne touche pas aux paramètres.
    """
    linear_check.zeroes()


@pytest.mark.item("logsoftmax.forward")
def test_logsoftmax_forward(activation):
    """LogSoftmax.forward gives log-probabilities, row by row.

    fr: LogSoftmax.forward donne des log-probabilités, ligne par ligne.
    """
    activation("LogSoftmax", lambda x: x.log_softmax(1)).forward()


@pytest.mark.item("logsoftmax.backward")
def test_logsoftmax_backward(activation):
    """LogSoftmax.backward returns dL/dx for any delta.

    fr: LogSoftmax.backward renvoie dL/dx pour n'importe quel delta.
    """
    activation("LogSoftmax", lambda x: x.log_softmax(1)).gradient("x")


@pytest.mark.item("logsoftmax.stable")
def test_logsoftmax_stable(student, passed, rng):
    """LogSoftmax stays finite for inputs of 1e4, forward and backward.

    fr: LogSoftmax reste fini pour des entrées de 1e4, en avant comme en arrière.
    """
    x = torch.randn(6, 4, generator=rng, dtype=torch.float64)
    far = x.clone()
    far[:, 1], far[::2, 3] = 1e4, -1e4
    recipe = Recipe(student, label="LogSoftmax")
    cls, results, backs = recipe.of(student.LogSoftmax), [], []
    for inputs in (x, x + 1e4, x - 1e4, far):
        module = cls()
        results.append(recipe.make("torch:clone", module.forward(inputs)))
        if passed("logsoftmax.backward"):  # a backward that is wrong anyway has been paid for
            backs.append(module.backward(x.sign()))
    found = recipe.run(*results, *backs)
    require(
        all(type(one) is Tensor and one.is_floating_point() and one.shape == x.shape for one in found),
        "LogSoftmax must give a tensor of the shape of x, in forward and in backward.",
        "LogSoftmax doit donner un tenseur de la forme de x, en avant comme en arrière.",
    )
    require(
        all(bool(torch.isfinite(one).all()) for one in found),
        "With inputs of 1e4 or -1e4, LogSoftmax gives NaN or infinity: subtract each row's maximum first, and do not "
        "take the logarithm of a probability.",
        "Avec des entrées de 1e4 ou -1e4, LogSoftmax donne NaN ou l'infini : soustrayez d'abord le maximum de chaque "
        "ligne, et ne prenez pas le logarithme d'une probabilité.",
        mistake="overflow",
    )
    loose = 1e-8  # x + 1e4 itself is rounded
    plain = found[0]
    require(
        float(plain.max()) > float(plain.min()),
        "LogSoftmax gives the same number everywhere.",
        "LogSoftmax donne partout le même nombre.",
    )
    for moved in (found[1], found[2]):
        require(
            float((moved - plain).abs().max()) <= loose * float(plain.abs().max() + 1),
            "Adding 1e4 to all inputs of LogSoftmax changes its result; it should not.",
            "Ajouter 1e4 à toutes les entrées de LogSoftmax change son résultat ; cela ne devrait pas.",
        )
