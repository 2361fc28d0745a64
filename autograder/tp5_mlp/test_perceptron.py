"""The perceptron: its cost, its gradient (at the kink too), and its training."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.references import Reference
from gradjudge.checks.modules.results import fail_autograd, require_gradient, require_output
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.training.descent import Descent, require_trajectory, trained
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
def draw(reference, rng):
    """Draw x, w, b and labels of -1 and 1, some of them on the right side and some on the wrong one."""

    def numbers(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    def example(q, n):
        x, w, b = numbers(q, n), numbers(n, 1), numbers(1)
        side = (x @ w + b).sign()
        wrong = torch.rand(q, 1, generator=rng) < 0.5
        wrong[0], wrong[1] = True, False
        inputs = (x, w, b, torch.where(wrong, -side, side))
        return reference.at(inputs, (torch.ones((), dtype=torch.float64),))

    return example


@pytest.fixture
def gradient(student, reference, draw, device):
    """Judge one of the two gradients, by force where torch gives no derivative."""
    allowed = tolerance(device, torch.float64)

    def judge(name):
        examples = [draw(q, n) for q, n in ((12, 3), (12, 3), (7, 4), (5, 2))]

        def ask(function):
            given = []
            for example in examples:
                returned = function(*example.inputs)
                require(
                    isinstance(returned, tuple | list) and len(returned) == 2,
                    "`perceptron_grad` must return two gradients: for w and for b.",
                    "`perceptron_grad` doit renvoyer deux gradients : pour w et pour b.",
                )
                given.append(returned[("w", "b").index(name)])
            where = Text.own(
                f"The gradient for `{name}` that `perceptron_grad` returns",
                f"Le gradient pour `{name}` que `perceptron_grad` renvoie",
            )
            require_gradient(name, NAMES, given, examples, reference, allowed, where)

        function = student.perceptron_grad
        try:
            ask(getattr(function, "without_autograd", function))
        except CheckFailed as without:
            ask(function)
            fail_autograd("perceptron_grad", without)

    return judge


@pytest.mark.item("perceptron.cost")
def test_perceptron_cost(student, draw, device):
    """perceptron_cost gives the mean of max(0, -f y), a scalar.

    fr: perceptron_cost donne la moyenne des max(0, -f y), un scalaire.
    """
    for q, n in ((12, 3), (7, 4), (5, 1)):
        example = draw(q, n)
        output = student.perceptron_cost(*example.inputs)
        require_output(output, example.outputs[0], tolerance(device, torch.float64), "perceptron_cost")
        require(
            output.dtype == torch.float64,
            "perceptron_cost does not keep the dtype of its inputs.",
            "perceptron_cost ne garde pas le type de ses entrées.",
        )


@pytest.mark.item("perceptron.grad")
def test_perceptron_grad_w(gradient):
    """perceptron_grad gives the gradient of the cost with respect to w.

    fr: perceptron_grad donne le gradient du coût par rapport à w.
    """
    gradient("w")


@pytest.mark.item("perceptron.grad")
def test_perceptron_grad_b(gradient):
    """perceptron_grad gives the gradient of the cost with respect to b.

    fr: perceptron_grad donne le gradient du coût par rapport à b.
    """
    gradient("b")


@pytest.mark.item("perceptron.grad")
def test_perceptron_grad_at_zero(student, draw):
    """With w = 0 and b = 0, where f y = 0 in every row, the gradient is not zero: the perceptron can start.

    fr: Avec w = 0 et b = 0, où f y = 0 pour chaque ligne, le gradient n'est pas nul : le perceptron peut démarrer.
    """
    x, w, b, y = draw(9, 3).inputs
    returned = student.perceptron_grad(x, torch.zeros_like(w), torch.zeros_like(b), y)
    given = returned[0] if isinstance(returned, tuple | list) and returned else None
    require(
        type(given) is Tensor and given.is_floating_point() and given.numel() == 3 and bool((given.abs() > 1e-9).all()),
        "Where f y is 0, in every row, the gradient must be -y x, not 0: write `<= 0`, not `< 0`.",
        "Là où f y vaut 0, pour chaque ligne, le gradient doit être -y x et non 0 : écrivez `<= 0`, pas `< 0`.",
        mistake="strict",
    )


@pytest.fixture
def follow(student, passed):
    """Let the student's train_perceptron make a descent, with the course's gradient where the student's failed."""

    def run(*args):
        with ExitStack() as standing:
            if not passed("perceptron.grad"):
                standing.enter_context(student.stand_in_source("perceptron_grad", GRADIENT))
            return trained(student.train_perceptron(*args), where="train_perceptron").parameters

    return run


@pytest.mark.item("perceptron.train")
def test_train_perceptron_steps(follow, rng):
    """Four steps of train_perceptron, from a given w and b, follow gradient descent exactly.

    fr: Quatre pas de train_perceptron, depuis un w et un b donnés, suivent exactement la descente de gradient.
    """
    x = torch.randn(12, 3, generator=rng, dtype=torch.float64)
    y = torch.randn(12, 1, generator=rng, dtype=torch.float64).sign()
    start = {
        name: torch.randn(*shape, generator=rng, dtype=torch.float64) for name, shape in (("w", (3, 1)), ("b", (1,)))
    }
    descent = Descent(start, [(x, y)] * 4, 0.7, lambda p, x, y: cost(x, p["w"], p["b"], y))
    require_trajectory(follow(x, y, 0.7, 4, start["w"], start["b"]), descent)


@pytest.mark.item("perceptron.train")
def test_train_perceptron_separates(follow, rng):
    """Without a given w and b, train_perceptron starts from zeros and separates what a line can separate.

    fr: Sans w ni b donnés, train_perceptron part de zéro et sépare ce qu'une droite peut séparer.
    """
    x = torch.randn(80, 2, generator=rng, dtype=torch.float64)
    side = x @ torch.tensor([[1.0], [-2.0]], dtype=torch.float64) + 1.5
    kept = side.abs().flatten() > 0.4
    x, y = x[kept], side[kept].sign()
    got = follow(x, y, 0.1, 100)
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
