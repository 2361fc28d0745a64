"""The XOR network, trained by Values."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.verdict import require

LR = 0.2


def _start(rng):
    return 2 * torch.rand(17, generator=rng, dtype=torch.float64) - 1


@pytest.fixture
def mistake(train_xor, xor, rng):
    """Name the usual mistake in the steps of train_xor, as test_xor_steps does; it is paid for there."""
    start = _start(rng)
    got, _ = train_xor(start, LR, 3)
    if _close(got, xor.descent(start, LR, 3)[0]):
        return ""
    return next((name for name, wrong, *_ in _mistakes(xor, start) if _close(got, wrong)), "")


@pytest.fixture
def lr(mistake):
    """Give the step with which a descent whose mistake is paid for goes where the right one goes with LR."""
    return {"sum": LR / 4, "sign": -LR}.get(mistake, LR)


def _close(got, weights):
    return float((got - weights).abs().max()) <= 1e-6  # False for NaN


@pytest.mark.item("xor")
def test_xor_steps(train_xor, xor, rng):
    """Three epochs of train_xor go exactly where gradient descent goes.

    fr: Trois époques de train_xor vont exactement là où mène la descente de gradient.
    """
    start = _start(rng)
    got, _ = train_xor(start, LR, 3)
    due, _ = xor.descent(start, LR, 3)
    if _close(got, due):
        return
    for name, wrong, en, fr in _mistakes(xor, start):
        require(not _close(got, wrong), en, fr, mistake=name)
    require(
        False,
        "The weights are not where gradient descent on the mean over the four points goes.",
        "Les poids ne sont pas là où mène la descente de gradient sur la moyenne des quatre points.",
        detail=f"largest error {float((got - due).abs().max())}",
    )


def _mistakes(xor, start):
    """Give what usual mistakes come to after three epochs: key, weights, and words for each."""
    yield "frozen", start, "The weights did not move.", "Les poids n'ont pas bougé."
    yield "too few steps", xor.descent(start, LR, 1)[0], "Only one epoch was made.", "Une seule époque a été faite."
    yield (
        "sign",
        xor.descent(start, -LR, 3)[0],
        "The step goes the wrong way: subtract lr times the gradient.",
        "Le pas va dans le mauvais sens : retranchez lr fois le gradient.",
    )
    yield (
        "sum",
        xor.descent(start, 4 * LR, 3)[0],
        "The cost is a sum over the four points; the mean is asked for.",
        "Le coût est une somme sur les quatre points ; on demande la moyenne.",
    )
    for step in (LR / 4, LR):
        yield (
            "step per row",
            _point_by_point(xor, start, step, 3)[0],
            "The weights move after each point; one step per epoch, on the mean over the four points, is asked for.",
            "Les poids bougent après chaque point ; on demande un pas par époque, sur la moyenne des quatre points.",
        )
    yield (
        "zero_grad",
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


def _point_by_point(xor, start, step, epochs):
    """Descend along one point after the other; give the weights and the mean cost that the first epoch meets."""
    weights, first = start, 0.0
    for epoch in range(epochs):
        for point, label in enumerate(xor.labels.tolist()):
            leaf = weights.detach().requires_grad_()
            cost = (xor.outputs(leaf)[point] - label) ** 2
            weights = weights - step * torch.autograd.grad(cost, leaf)[0]
            first += cost.item() / 4 if epoch == 0 else 0.0
    return weights, first


@pytest.mark.item("xor")
def test_xor_history(train_xor, xor, mistake, lr, rng):
    """The history of train_xor is the cost at the start of each epoch, and it falls.

    fr: L'historique de train_xor donne le coût au début de chaque époque, et il baisse.
    """
    start = _start(rng)
    while abs(xor.cost(start) - xor.cost(xor.descent(start, LR, 1)[0])) < 0.05:
        start = _start(rng)  # the cost before the first step and the one after it must be told apart
    _, history = train_xor(start, lr, 20)
    require(
        len(history) == 20,
        "The history must have one number per epoch.",
        "L'historique doit avoir un nombre par époque.",
        detail=f"got {len(history)}",
        mistake="history",
    )
    require(
        all(torch.isfinite(torch.tensor(history, dtype=torch.float64)).tolist()) and history[-1] < history[0],
        "The costs of the history do not fall.",
        "Les coûts de l'historique ne baissent pas.",
        detail=f"got {history}",
    )
    cost = xor.cost(start).item()
    paid = {
        "sum": [4 * cost],
        "step per row": [scale * _point_by_point(xor, start, step, 1)[1] for step in (LR / 4, LR) for scale in (1, 4)],
    }
    late = xor.cost(xor.descent(start, LR, 1)[0]).item()
    require(
        mistake != "" or not abs(history[0] - late) < 0.01,
        "The history has the cost at the end of each epoch; the one at its start, before the step, is asked for.",
        "L'historique donne le coût à la fin de chaque époque ; on demande celui de son début, avant le pas.",
        mistake="history late",
    )
    require(
        any(abs(history[0] - right) < 0.01 for right in (cost, *paid.get(mistake, ()))),
        "The first number of the history is not the cost at the start, before the first step.",
        "Le premier nombre de l'historique n'est pas le coût au départ, avant le premier pas.",
        detail=f"got {history[0]}, expected {cost}",
    )


@pytest.mark.item("xor")
def test_xor_solved(train_xor, xor, lr, rng):
    """After training, the network is right at all four points.

    fr: Après l'apprentissage, le réseau a raison aux quatre points.
    """
    epochs, start = 200, _start(rng)
    while bool((xor.outputs(xor.descent(start, LR, epochs)[0]) * xor.labels < 0.8).any()):
        start = _start(rng)  # a start from which descent itself does not arrive in time says nothing
    got, _ = train_xor(start, lr, epochs)
    right = xor.outputs(got) * xor.labels
    require(
        bool((right > 0).all()),
        "The network that train_xor returns is wrong at a point.",
        "Le réseau que renvoie train_xor se trompe à un point.",
        detail=f"outputs times labels: {right.tolist()}",
    )
