"""The training loop: exact trajectories, old gradients, every batch of every epoch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.training.optimisation import PACE, Optimiser, require_training
from gradjudge.checks.training.student_loops import mirrored, parameters_after, require_losses
from gradjudge.checks.verdict import CheckFailed, StudentRaised, require

SGD, ADAM = Optimiser("SGD", 0.05), Optimiser("Adam", 0.05)


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
    summed = training(Optimiser("SGD", 0.002))
    summed = type(summed)(summed.model, summed.batches, summed.epochs, summed.rule, nn.MSELoss(reduction="sum"))
    recipe = Recipe(student, label="loss_fn")
    (loss_fn,) = recipe.run(recipe.make("torch.nn:MSELoss", reduction="sum"))
    got = teach(summed, loss_fn).parameters
    mean = type(summed)(summed.model, summed.batches, summed.epochs, summed.rule)
    wrong = mean.end()
    require(
        not all(
            got[name].shape == right.shape and torch.allclose(got[name].double(), right, rtol=1e-9)
            for name, right in wrong.items()
            if name in got
        ),
        "train_optim goes down its own mean square error, not the loss_fn that it was given.",
        "train_optim fait descendre sa propre erreur quadratique moyenne, et non la loss_fn qu'on lui donne.",
        mistake="own loss",
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
def test_train_optim_losses(training, teach):
    """train_optim returns one loss per epoch, the mean over its batches.

    fr: train_optim renvoie une perte par époque, la moyenne sur ses lots.
    """
    what = training(SGD, rows=[5, 4, 6], epochs=6)
    after = teach(what)
    due = what.epochs
    if isinstance(after.returned, list) and abs(len(after.returned) - due) == 1 and not _right(after, what, ["epochs"]):
        due = len(after.returned)  # an epoch too few or too many is paid for in another check
    losses = require_losses(after.returned, due)
    require(
        len(set(losses)) > 1,
        "The losses are the same in every epoch: nothing is learnt, or they are not the losses.",
        "Les pertes sont les mêmes à chaque époque : rien n'est appris, ou ce ne sont pas les pertes.",
    )
    if not _right(after, what, []):  # what a wrong training gives has been paid for
        return
    sizes = [len(x) for x, _ in what.batches]
    means = [
        (sum(seen) / len(seen), sum(n * loss for n, loss in zip(sizes, seen, strict=True)) / sum(sizes))
        for seen in what.losses()
    ]  # over the batches, as the statement says; or over the rows, which is as good
    require(
        not all(abs(loss - sum(seen)) <= 1e-4 * sum(seen) for loss, seen in zip(losses, what.losses(), strict=True)),
        "The losses are the sums of the losses of the batches; their means are due.",
        "Les pertes sont les sommes des pertes des lots ; il faut leurs moyennes.",
        mistake="history sum",
    )
    require(
        all(min(abs(loss - mean) / mean for mean in due) <= 1e-4 for loss, due in zip(losses, means, strict=True)),
        "The losses are not the means of the losses of the batches.",
        "Les pertes ne sont pas les moyennes des pertes des lots.",
    )


def _right(after, what, only):
    try:
        require_training(after.parameters, what, only=only)
    except CheckFailed:
        return False
    return True


@pytest.mark.item("train_optim.batches")
def test_train_optim_keeps_no_graph(student, training):
    """What train_optim returns keeps no graph alive.

    fr: Ce que renvoie train_optim ne garde aucun graphe en vie.
    """
    what = training(SGD, rows=[5, 4], epochs=2)
    model = mirrored(student, what.model)
    recipe = Recipe(student, label="train_optim")
    steps = recipe.make("torch.optim:SGD", recipe.of(model).parameters(), lr=what.rule.lr)
    returned = recipe.of(student.train_optim)(recipe.of(model), list(what.batches), steps, 2)
    count = recipe.make("builtins:len", returned)
    tracked = recipe.make("builtins:getattr", returned[0], "requires_grad", False)
    try:
        seen, kept = recipe.run(count, tracked)
    except StudentRaised:
        seen, kept = 0, False
    require(
        isinstance(seen, int) and seen > 0,
        "`train_optim` must return a list of losses.",
        "`train_optim` doit renvoyer une liste de pertes.",
    )
    after = parameters_after(student, model, {name: name for name in what.start})
    require(
        any(not torch.equal(value.cpu(), what.start[name]) for name, value in after.items()),
        "The parameters did not move at all.",
        "Les paramètres n'ont pas bougé du tout.",
        mistake="frozen",
    )
    require(
        kept is False,
        "The losses that `train_optim` returns keep their whole graph in memory: note loss.item().",
        "Les pertes que renvoie `train_optim` gardent tout leur graphe en mémoire : notez loss.item().",
        mistake="graph",
    )
