"""The training loop: exact trajectories, old gradients, every batch of every epoch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gradjudge.checks.optimisation import PACE, Rule, require_training
from gradjudge.checks.outcomes import require_falling_history
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.taught import require_losses
from gradjudge.checks.verdict import CheckFailed, require

SGD, ADAM = Rule("SGD", 0.05), Rule("Adam", 0.05)


@pytest.mark.item("train_optim.sgd")
def test_train_optim_sgd(training, teach):
    """With SGD and given batches, train_optim leaves every parameter exactly where it should be.

    fr: Avec SGD et des lots donnés, train_optim laisse chaque paramètre exactement là où il doit être.
    """
    what = training(SGD)
    require_training(teach(what).parameters, what, forgiven=PACE)


@pytest.mark.item("train_optim.sgd")
def test_train_optim_uses_loss_fn(student, training, teach):
    """The loss that train_optim goes down is the loss_fn that it was given.

    fr: La perte que train_optim fait descendre est la loss_fn qu'on lui donne.
    """
    summed = training(Rule("SGD", 0.002))
    summed = type(summed)(summed.model, summed.batches, summed.epochs, summed.rule, nn.MSELoss(reduction="sum"))
    recipe = Recipe(student, label="loss_fn")
    (loss_fn,) = recipe.run(recipe.make("torch.nn:MSELoss", reduction="sum"))
    got = teach(summed, loss_fn).parameters
    mean = type(summed)(summed.model, summed.batches, summed.epochs, summed.rule)
    wrong = mean.end()
    require(
        not all(torch.allclose(got[name], wrong[name], rtol=1e-9) for name in wrong if name in got),
        "train_optim goes down its own mean square error, not the loss_fn that it was given.",
        "train_optim fait descendre sa propre erreur quadratique moyenne, et non la loss_fn qu'on lui donne.",
    )
    require_training(got, summed, forgiven=(*PACE, "zero", "scale", "steps"))


@pytest.mark.item("train_optim.adam")
def test_train_optim_adam(training, teach):
    """With Adam and given batches, train_optim leaves every parameter exactly where it should be.

    fr: Avec Adam et des lots donnés, train_optim laisse chaque paramètre exactement là où il doit être.
    """
    what = training(ADAM)
    require_training(teach(what).parameters, what, forgiven=(*PACE, "zero", "scale", "steps"))


@pytest.mark.item("train_optim.stale")
def test_train_optim_stale(training, teach):
    """A model that arrives with old gradients is trained as if it had none.

    fr: Un modèle qui arrive avec de vieux gradients est entraîné comme s'il n'en avait pas.
    """
    what = training(SGD, rows=[6], epochs=2, stale=True)
    require_training(teach(what).parameters, what, forgiven=(*PACE, "scale", "steps"))


@pytest.mark.item("train_optim.batches")
def test_train_optim_each_batch_once(training, teach):
    """Each epoch of train_optim goes through all batches once, in their order, with one step for each.

    fr: Chaque époque de train_optim parcourt tous les lots une fois, dans leur ordre, avec un pas pour chacun.
    """
    what = training(SGD, rows=[5, 4, 6, 3], epochs=2)
    require_training(teach(what).parameters, what, only=["rows"])


@pytest.mark.item("train_optim.batches")
def test_train_optim_every_epoch(training, teach):
    """train_optim makes as many epochs as it is asked for.

    fr: train_optim fait autant d'époques qu'on lui en demande.
    """
    what = training(SGD, rows=[5, 4], epochs=3)
    require_training(teach(what).parameters, what, only=["epochs"])


@pytest.mark.item("train_optim.batches")
def test_train_optim_losses(training, teach, passed):
    """train_optim returns one loss per epoch, and they fall.

    fr: train_optim renvoie une perte par époque, et elles baissent.
    """
    what = training(SGD, rows=[5, 4, 6], epochs=6)
    after = teach(what)
    due = what.epochs
    if isinstance(after.returned, list) and abs(len(after.returned) - due) == 1 and not _right_epochs(after, what):
        due = len(after.returned)  # an epoch too few or too many is paid for in another check
    losses = require_losses(after.returned, due)
    require(
        len(set(losses)) > 1,
        "The losses are the same in every epoch: nothing is learnt, or they are not the losses.",
        "Les pertes sont les mêmes à chaque époque : rien n'est appris, ou ce ne sont pas les pertes.",
    )
    if passed("train_optim.sgd"):
        require_falling_history(after.returned, due, None)


def _right_epochs(after, what):
    try:
        require_training(after.parameters, what, only=["epochs"])
    except CheckFailed:
        return False
    return True
