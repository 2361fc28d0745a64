"""Why an activation is needed, and three of them as torch.autograd.Functions."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.comparison import Due, flaw_in
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.verdict import Text, fail, require


@pytest.fixture
def collapsed(student, rng):
    """Ask for the layer that two layers make; give it with the right one."""
    w1, b1, w2, b2 = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((5, 4), (4,), (4, 3), (3,)))
    returned = student.collapse(w1, b1, w2, b2)
    require(
        isinstance(returned, tuple | list) and len(returned) == 2,
        "`collapse` must return (w, b).",
        "`collapse` doit renvoyer (w, b).",
    )
    return dict(zip(("w", "b"), returned, strict=True)), {"w": w1 @ w2, "b": b1 @ w2 + b2}


def _require_layer(collapsed, name, shape, device, *, flatten=False):
    got, right = collapsed
    due = Due(right[name], Text.own(f"{shape} here", f"{shape} ici"), flatten=flatten)
    flaw = flaw_in(got[name], due, tolerance(device, torch.float64))
    if flaw is not None:
        fail(f"The {name} of `collapse` {flaw.text.said('en')}.", f"Le {name} de `collapse` {flaw.text.said('fr')}.")


@pytest.mark.item("collapse")
def test_collapse_w(collapsed, device):
    """The w of collapse is that of the two layers together.

    fr: Le w de collapse est celui des deux couches ensemble.
    """
    _require_layer(collapsed, "w", "(n, p)", device)


@pytest.mark.item("collapse")
def test_collapse_b(collapsed, device):
    """The b of collapse is that of the two layers together.

    fr: Le b de collapse est celui des deux couches ensemble.
    """
    _require_layer(collapsed, "b", "(p,)", device, flatten=True)


def _careful(check):
    for aspect in ("no-mutation", "non-contiguous", "interleaved"):  # a mutation may show in the others too
        check.robust(aspect)


@pytest.mark.item("tanh.forward")
def test_tanh_forward(activation_check):
    """Tanh gives the hyperbolic tangent of every entry, in the dtype of x.

    fr: Tanh donne la tangente hyperbolique de chaque case, avec le type de x.
    """
    activation_check("Tanh").forward()


@pytest.mark.item("tanh.dx")
def test_tanh_dx(activation_check):
    """Tanh.backward gives the gradient with respect to x.

    fr: Tanh.backward donne le gradient par rapport à x.
    """
    activation_check("Tanh").gradient("x")


@pytest.mark.item("tanh.dx")
def test_tanh_float32(activation_check):
    """In float32 the results of Tanh stay float32 and right.

    fr: En float32, les résultats de Tanh restent en float32 et justes.
    """
    activation_check("Tanh").robust("float32")


@pytest.mark.item("tanh.dx")
def test_tanh_careful(activation_check):
    """Tanh takes views, leaves its inputs and grad_output as they are, and keeps several graphs apart.

    fr: Tanh accepte les vues, laisse intacts ses entrées et grad_output, et ne mélange pas plusieurs graphes.
    """
    _careful(activation_check("Tanh"))


@pytest.mark.item("relu.forward")
def test_relu_forward(activation_check):
    """ReLU gives max(0, x) for every entry, in the dtype of x.

    fr: ReLU donne max(0, x) pour chaque case, avec le type de x.
    """
    activation_check("ReLU").forward()


@pytest.mark.item("relu.dx")
def test_relu_dx(activation_check):
    """ReLU.backward gives the gradient with respect to x.

    fr: ReLU.backward donne le gradient par rapport à x.
    """
    activation_check("ReLU").gradient("x")


@pytest.mark.item("relu.dx")
def test_relu_float32(activation_check):
    """In float32 the results of ReLU stay float32 and right.

    fr: En float32, les résultats de ReLU restent en float32 et justes.
    """
    activation_check("ReLU").robust("float32")


@pytest.mark.item("relu.dx")
def test_relu_careful(activation_check):
    """ReLU takes views, leaves its inputs and grad_output as they are, and keeps several graphs apart.

    fr: ReLU accepte les vues, laisse intacts ses entrées et grad_output, et ne mélange pas plusieurs graphes.
    """
    _careful(activation_check("ReLU"))


@pytest.mark.item("sigmoid.forward")
def test_sigmoid_forward(activation_check):
    """Sigmoid gives 1 / (1 + exp(-x)) for every entry, in the dtype of x.

    fr: Sigmoid donne 1 / (1 + exp(-x)) pour chaque case, avec le type de x.
    """
    activation_check("Sigmoid").forward()


@pytest.mark.item("sigmoid.dx")
def test_sigmoid_dx(activation_check):
    """Sigmoid.backward gives the gradient with respect to x.

    fr: Sigmoid.backward donne le gradient par rapport à x.
    """
    activation_check("Sigmoid").gradient("x")


@pytest.mark.item("sigmoid.dx")
def test_sigmoid_float32(activation_check):
    """In float32 the results of Sigmoid stay float32 and right.

    fr: En float32, les résultats de Sigmoid restent en float32 et justes.
    """
    activation_check("Sigmoid").robust("float32")


@pytest.mark.item("sigmoid.dx")
def test_sigmoid_careful(activation_check):
    """Sigmoid takes views, leaves its inputs and grad_output as they are, and keeps several graphs apart.

    fr: Sigmoid accepte les vues, laisse intacts ses entrées et grad_output, et ne mélange pas plusieurs graphes.
    """
    _careful(activation_check("Sigmoid"))
