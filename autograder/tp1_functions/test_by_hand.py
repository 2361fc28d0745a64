"""The gradients that were worked out on paper: grad_mse, grad_linear, grad_cost."""

from __future__ import annotations

import pytest

from gradjudge.checks.functions.by_hand import GradientsByHand


@pytest.fixture
def grad_mse(student, formulas, rng, device):
    shapes = {"yhat": (6, 3), "y": (6, 3)}
    more = [{"yhat": (4, 1), "y": (4, 1)}, {"yhat": (40, 5), "y": (40, 5)}]
    return GradientsByHand(
        student.grad_mse, formulas.mse, shapes, returns=["yhat", "y"], rng=rng, also_shapes=more, device=device
    )


@pytest.fixture
def grad_linear(student, formulas, rng, device):
    shapes = {"x": (6, 5), "w": (5, 3), "b": (3,)}
    more = [{"x": (40, 2), "w": (2, 4), "b": (4,)}]
    return GradientsByHand(
        student.grad_linear,
        formulas.linear,
        shapes,
        returns=["x", "w", "b"],
        rng=rng,
        cotangent=True,
        also_shapes=more,
        device=device,
    )


@pytest.fixture
def grad_cost(student, formulas, rng, device):
    shapes = {"x": (6, 5), "w": (5, 3), "b": (3,), "y": (6, 3)}
    more = [{"x": (40, 2), "w": (2, 4), "b": (4,), "y": (40, 4)}]
    return GradientsByHand(
        student.grad_cost, formulas.cost, shapes, returns=["w", "b"], rng=rng, also_shapes=more, device=device
    )


@pytest.mark.item("grad_mse")
def test_grad_mse_dyhat(grad_mse):
    """grad_mse gives the gradient of the cost with respect to yhat.

    fr: grad_mse donne le gradient du coût par rapport à yhat.
    """
    grad_mse.gradient("yhat")


@pytest.mark.item("grad_mse")
def test_grad_mse_dy(grad_mse):
    """grad_mse gives the gradient of the cost with respect to y.

    fr: grad_mse donne le gradient du coût par rapport à y.
    """
    grad_mse.gradient("y")


@pytest.mark.item("grad_linear")
def test_grad_linear_dx(grad_linear):
    """grad_linear gives the gradient with respect to x.

    fr: grad_linear donne le gradient par rapport à x.
    """
    grad_linear.gradient("x")


@pytest.mark.item("grad_linear")
def test_grad_linear_dw(grad_linear):
    """grad_linear gives the gradient with respect to w.

    fr: grad_linear donne le gradient par rapport à w.
    """
    grad_linear.gradient("w")


@pytest.mark.item("grad_linear")
def test_grad_linear_db(grad_linear):
    """grad_linear gives the gradient with respect to b.

    fr: grad_linear donne le gradient par rapport à b.
    """
    grad_linear.gradient("b")


@pytest.mark.item("grad_cost")
def test_grad_cost_dw(grad_cost):
    """grad_cost gives dC/dW for the whole chain, linear then mse.

    fr: grad_cost donne dC/dW pour toute la chaîne, linear puis mse.
    """
    grad_cost.gradient("w")


@pytest.mark.item("grad_cost")
def test_grad_cost_db(grad_cost):
    """grad_cost gives dC/db for the whole chain, linear then mse.

    fr: grad_cost donne dC/db pour toute la chaîne, linear puis mse.
    """
    grad_cost.gradient("b")
