"""The XOR network, trained by Values."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.verdict import require

LR = 0.2


def _start(rng):
    return 2 * torch.rand(17, generator=rng, dtype=torch.float64) - 1


@pytest.mark.item("xor")
def test_xor_steps(train_xor, xor, rng):
    """Three epochs of train_xor go exactly where gradient descent goes.

    fr: Trois époques de train_xor vont exactement là où mène la descente de gradient.
    """
    start = _start(rng)
    got, _ = train_xor(start, LR, 3)
    due, _ = xor.descent(start, LR, 3)
    error = float((got - due).abs().max())
    if error <= 1e-6:
        return
    once, _ = xor.descent(start, LR, 1)
    for wrong, en, fr in _mistakes(xor, start, once):
        require(not torch.allclose(got, wrong, rtol=0, atol=1e-6), en, fr)
    require(
        False,
        "The weights are not where gradient descent on the mean over the four points goes.",
        "Les poids ne sont pas là où mène la descente de gradient sur la moyenne des quatre points.",
        detail=f"largest error {error}",
    )


def _mistakes(xor, start, once):
    """Give what usual mistakes come to after three epochs, with words for each."""
    yield start, "The weights did not move.", "Les poids n'ont pas bougé."
    yield once, "Only one epoch was made.", "Une seule époque a été faite."
    yield (
        xor.descent(start, -LR, 3)[0],
        "The step goes the wrong way: subtract lr times the gradient.",
        "Le pas va dans le mauvais sens : retranchez lr fois le gradient.",
    )
    yield (
        xor.descent(start, 4 * LR, 3)[0],
        "The cost is a sum over the four points; the mean is asked for.",
        "Le coût est une somme sur les quatre points ; on demande la moyenne.",
    )
    yield (
        _with_old_gradients(xor, start),
        "It looks as if the gradients of earlier epochs were still there: set them to 0 before backward().",
        "Il semble que les gradients des époques précédentes soient encore là : remettez-les à 0 avant backward().",
    )


def _with_old_gradients(xor, start):
    weights, total = start, torch.zeros_like(start)
    for _ in range(3):
        leaf = weights.detach().requires_grad_()
        total = total + torch.autograd.grad(xor.cost(leaf), leaf)[0]
        weights = weights - LR * total
    return weights


@pytest.mark.item("xor")
def test_xor_history(train_xor, rng):
    """The history of train_xor is the cost at the start of each epoch, and it falls.

    fr: L'historique de train_xor donne le coût au début de chaque époque, et il baisse.
    """
    _, history = train_xor(_start(rng), LR, 20)
    require(
        len(history) == 20,
        "The history must have one number per epoch.",
        "L'historique doit avoir un nombre par époque.",
        detail=f"got {len(history)}",
    )
    require(
        all(torch.isfinite(torch.tensor(history, dtype=torch.float64)).tolist()) and history[-1] < history[0],
        "The costs of the history do not fall.",
        "Les coûts de l'historique ne baissent pas.",
        detail=f"got {history}",
    )


@pytest.mark.item("xor")
def test_xor_solved(train_xor, xor, rng):
    """After training, the network is right at all four points.

    fr: Après l'apprentissage, le réseau a raison aux quatre points.
    """
    epochs, start = 200, _start(rng)
    while bool((xor.outputs(xor.descent(start, LR, epochs)[0]) * xor.labels < 0.8).any()):
        start = _start(rng)  # a start from which descent itself does not arrive in time says nothing
    got, _ = train_xor(start, LR, epochs)
    right = xor.outputs(got) * xor.labels
    require(
        bool((right > 0).all()),
        "The network that train_xor returns is wrong at a point.",
        "Le réseau que renvoie train_xor se trompe à un point.",
        detail=f"outputs times labels: {right.tolist()}",
    )
