"""The campaign: what its table counts, what its losses say, and what it writes for TensorBoard."""

from __future__ import annotations

import math

import pytest
import torch

from gradjudge.checks.training.descent import Descent, linear_mse
from gradjudge.checks.verdict import fail, require

#: A step of 0.002 on rows x = 2, y = 1 leaves 1 - 2 * 0.002 * (2^2 + 1) of the residual, whatever the batch.
EQUAL_ROWS_LR, KEPT = 0.002, 0.98
NEAR = 0.02
#: No check lasts as long as this, whatever the machine.
LONGEST = 60.0


@pytest.fixture
def rows(numbers):
    """Draw 23 rows whose target is not centred."""
    return numbers(23, 3), numbers(23, 1) / 2 + 2


@pytest.fixture
def equal_rows():
    """Give 23 rows that are all the same: the loss then tells how many steps were made, in any order."""
    return torch.full((23, 1), 2.0), torch.ones(23, 1)


@pytest.mark.item("campaign.updates")
def test_campaign_table(run_campaign, rows):
    """The table has one row for each batch size and epoch, with the five keys.

    fr: Le tableau a une ligne par taille de lot et par époque, avec les cinq clés.
    """
    ran = run_campaign(*rows, [23, 8, 1], 3, 0.01)
    missing = [key for key in ran.table[0]._fields if any(math.isnan(getattr(row, key)) for row in ran.table)]
    require(
        not missing,
        f"Rows of the table have no number under {', '.join(missing)}.",
        f"Des lignes du tableau n'ont pas de nombre sous {', '.join(missing)}.",
    )
    found = [(row.batch_size, row.epoch) for row in ran.table]
    due = [(size, epoch) for size in ran.batch_sizes for epoch in (1, 2, 3)]
    require(
        sorted(found) != sorted((size, epoch - 1) for size, epoch in due),
        "Epochs are counted from 1 in the table, not from 0.",
        "Dans le tableau, les époques se comptent à partir de 1, et non de 0.",
    )
    require(
        found == due,
        f"The table has {len(found)} rows; one for each batch size and each epoch is expected, in order: {len(due)}.",
        f"Le tableau a {len(found)} lignes ; on en attend {len(due)}, une par taille et par époque, dans l'ordre.",
    )


def _counted(ran, batch_size):
    """Return the rows of a batch size, one per epoch."""
    found = ran.rows(batch_size)
    require(
        len(found) == ran.epochs,
        f"There are {len(found)} rows for a batch size in {ran.epochs} epochs.",
        f"Il y a {len(found)} lignes pour une taille de lot en {ran.epochs} époques.",
    )
    return found


@pytest.mark.item("campaign.updates")
def test_campaign_updates(run_campaign, rows):
    """`updates` counts the steps so far: N / B rounded up in each epoch, from 0 for each batch size.

    fr: `updates` compte les pas faits jusque-là : N / B arrondi au-dessus à chaque époque, depuis 0 pour chaque taille.
    """
    ran = run_campaign(*rows, [23, 8, 5, 1], 3, 0.01)
    for size in ran.batch_sizes:
        found = [row.updates for row in _counted(ran, size)]
        due = [ran.due_updates(size, epoch) for epoch in (1, 2, 3)]
        if found == due:
            continue
        before = sum(ran.due_updates(other, 3) for other in ran.batch_sizes[: ran.batch_sizes.index(size)])
        for wrong, key, en, fr in (
            ([23 // size * epoch for epoch in (1, 2, 3)], "last batch not counted",
             "the last, shorter batch is not counted", "le dernier lot, plus court, n'est pas compté"),
            ([due[0]] * 3, "updates of one epoch", "they are those of one epoch, not the total so far",
             "ce sont ceux d'une époque, et non le total"),
            ([before + count for count in due], "updates not reset", "they go on from one batch size to the next",
             "ils continuent d'une taille de lot à la suivante"),
            ([1, 2, 3], "", "they count epochs", "ils comptent les époques"),
        ):  # fmt: skip
            if found == wrong:
                fail(f"`updates` is wrong: {en}.", f"`updates` est faux : {fr}.", mistake=key)
        fail(
            "`updates` is not the number of steps so far with this batch size.",
            "`updates` n'est pas le nombre de pas faits jusque-là avec cette taille de lot.",
        )


@pytest.mark.item("campaign.loss")
def test_campaign_loss_whole_batch(run_campaign, rows):
    """With the whole batch, `loss` is exactly that of gradient descent from zero, at the end of each epoch.

    fr: Avec le lot entier, `loss` est exactement celle de la descente depuis zéro, à la fin de chaque époque.
    """
    x, y = rows
    ran = run_campaign(x, y, [8, 23], 4, 0.05)
    x, y = ran.x.double(), ran.y.double()
    start = {"w": torch.zeros(3, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}
    ends = [Descent(start, [(x, y)] * steps, 0.05).end() if steps else start for steps in range(6)]
    costs = [float(linear_mse(end, x, y)) for end in ends]
    found = [row.loss for row in _counted(ran, 23)]
    for first, key, en, fr in (
        (1, "", "", ""),
        (
            0,
            "loss at the start",
            "it is the loss at the start of the epoch, not at its end",
            "c'est la perte au début de l'époque, pas à la fin",
        ),
        (2, "too many steps", "a step more was made", "un pas de plus a été fait"),
    ):
        if all(abs(loss - cost) <= 1e-4 * cost for loss, cost in zip(found, costs[first : first + 4], strict=True)):
            if first == 1:
                return
            fail(f"`loss` is wrong: {en}.", f"`loss` est fausse : {fr}.", mistake=key)
    require(
        not abs(found[0] - costs[1]) > 1e-4 * costs[1],
        "`loss` is wrong from the first epoch on: does each batch size start from a new model at zero?",
        "`loss` est fausse dès la première époque : chaque taille de lot repart-elle d'un nouveau modèle à zéro ?",
    )
    fail(
        "`loss` is not that of gradient descent with the whole batch, one step per epoch.",
        "`loss` n'est pas celle de la descente par lot entier, un pas par époque.",
    )


@pytest.mark.item("campaign.loss")
def test_campaign_loss_small_batches(run_campaign, equal_rows, passed):
    """With smaller batches, `loss` is where so many steps from zero lead, at the end of each epoch.

    fr: Avec des lots plus petits, `loss` est là où mènent tant de pas depuis zéro, à la fin de chaque époque.
    """
    ran = run_campaign(*equal_rows, [8, 5, 1], 3, EQUAL_ROWS_LR)
    for size in ran.batch_sizes:
        found = _counted(ran, size)
        require(
            all(row.loss > 0 and math.isfinite(row.loss) for row in found),
            "`loss` holds something else than positive numbers.",
            "`loss` contient autre chose que des nombres positifs.",
        )
        made = [math.log(row.loss) / (2 * math.log(KEPT)) for row in found]
        due = [ran.due_updates(size, epoch) for epoch in (1, 2, 3)]
        if _same(made, due):
            continue
        own = [row.updates for row in found]
        if not passed("campaign.updates") and _same(made, own) and own[0] >= due[0] / 2:
            continue  # a batch that is left out, and not counted either, has been paid for there
        _name_steps(made, due, size)


def _same(made, due):
    return all(abs(steps - right) <= NEAR * max(right, 1) for steps, right in zip(made, due, strict=True))


def _name_steps(made, due, size):
    per_epoch = due[0]
    for wrong, key, en, fr in (
        ([0, due[0], due[1]], "loss at the start", "it is the loss at the start of the epoch, not at its end",
         "c'est la perte au début de l'époque, pas à la fin"),
        ([23 // size * epoch for epoch in (1, 2, 3)], "last batch", "the last, shorter batch is left out",
         "le dernier lot, plus court, est laissé de côté"),
        ([1, 2, 3], "step per epoch", "one step is made per epoch", "un seul pas est fait par époque"),
        ([per_epoch] * 3, "fresh start", "training does not go on from one epoch to the next",
         "l'apprentissage ne continue pas d'une époque à la suivante"),
    ):  # fmt: skip
        if _same(made, wrong):
            fail(f"`loss` is wrong: {en}.", f"`loss` est fausse : {fr}.", mistake=key)
    fail(
        "`loss` is not where so many steps from zero lead: is it over all of x, at the end of the epoch, with a new "
        "model for each batch size?",
        "`loss` n'est pas là où mènent tant de pas depuis zéro : porte-t-elle sur tout x, à la fin de l'époque, avec "
        "un nouveau modèle pour chaque taille ?",
    )


@pytest.mark.item("campaign.loss")
def test_campaign_shuffles(run_campaign):
    """Rows are shuffled anew in each epoch.

    fr: Les lignes sont mélangées de nouveau à chaque époque.
    """
    # Rows of s I do not interact: a row in a batch of m keeps 1 - 0.4 / m of its residual. If the same 2 of the 10 rows
    # are in the short batch in each of 8 epochs, the losses are these; by chance that happens once in 45^7.
    ran = run_campaign(1000 * torch.eye(10), torch.ones(10, 1), [4], 8, 0.4 / (2 * 1000**2))
    same = [0.8 * (1 - 0.4 / 4) ** (2 * epoch) + 0.2 * (1 - 0.4 / 2) ** (2 * epoch) for epoch in range(1, 9)]
    found = [row.loss for row in _counted(ran, 4)]
    require(
        all(math.isfinite(loss) for loss in found) and found[-1] < found[0],
        "`loss` does not fall.",
        "`loss` ne baisse pas.",
    )
    require(
        any(abs(loss - due) > 1e-3 * due for loss, due in zip(found, same, strict=True)),
        "The same rows are together in each epoch: shuffle them anew each time.",
        "Les mêmes lignes sont ensemble à chaque époque : mélangez-les de nouveau à chaque fois.",
        mistake="shuffle",
    )


@pytest.mark.item("campaign.loss")
def test_campaign_seed(run_campaign, rows):
    """The same seed gives the same losses, another seed gives another order.

    fr: La même graine donne les mêmes pertes, une autre graine donne un autre ordre.
    """
    first, again, other = (run_campaign(*rows, [23, 5], 3, 0.05, seed=seed) for seed in (3, 3, 4))
    if not _alike(first, again, 23):  # no order in that: they start at different places, which is paid for
        return
    require(
        _alike(first, again, 5),
        "Two campaigns with the same seed do not give the same losses: take all randomness from `seed`.",
        "Deux campagnes de même graine ne donnent pas les mêmes pertes : tirez tout le hasard de `seed`.",
        mistake="seed",
    )
    x, y = first.x.double(), first.y.double()
    start = {"w": torch.zeros(3, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}
    epoch = list(zip(x.split(5), y.split(5), strict=True))
    unshuffled = float(linear_mse(Descent(start, epoch, 0.05).end(), x, y))
    small, whole = ([row.loss for row in _counted(first, size)] for size in (5, 23))
    # Where there is no order, nothing can depend on the seed. All of that is paid for elsewhere.
    ordered = abs(small[0] - unshuffled) > 1e-4 * unshuffled and small != whole and len(set(small)) > 1
    require(
        not (ordered and _alike(first, other, 5)),
        "Another seed gives the same order: make the generator from `seed`.",
        "Une autre graine donne le même ordre : faites le générateur à partir de `seed`.",
        mistake="seed",
    )


def _alike(one, other, batch_size):
    pairs = zip(_counted(one, batch_size), _counted(other, batch_size), strict=True)
    return all(abs(a.loss - b.loss) <= 1e-6 * abs(b.loss) for a, b in pairs)


@pytest.mark.item("campaign.seconds")
def test_campaign_seconds(run_campaign, rows):
    """`seconds` are the time so far: finite, positive, and they do not fall from one epoch to the next.

    fr: `seconds` est le temps écoulé : fini, positif, et il ne baisse pas d'une époque à la suivante.
    """
    ran = run_campaign(*rows, [8, 1], 4, 0.01)
    for size in ran.batch_sizes:
        seconds = [row.seconds for row in _counted(ran, size)]
        require(
            all(0 <= second <= LONGEST for second in seconds) and sum(seconds) > 0,
            "`seconds` holds something else than the seconds that went by: negative, not finite, or far too large.",
            "`seconds` contient autre chose que les secondes écoulées : négatif, non fini, ou beaucoup trop grand.",
        )
        require(
            seconds == sorted(seconds),
            "`seconds` falls from one epoch to the next: it is the time so far, not that of one epoch.",
            "`seconds` baisse d'une époque à la suivante : c'est le temps écoulé, et non celui d'une époque.",
        )


def _points(ran, tag):
    """Return the points under a tag: one per epoch, each the loss of the table."""
    points = sorted(ran.written.get(tag.lower(), []), key=lambda point: point[0])
    require(
        len(points) > 0,
        f"No points were written under the tag {tag}.",
        f"Aucun point n'a été écrit sous le nom {tag}.",
        detail=f"tags found: {sorted(ran.written)}",
    )
    require(
        len(points) == ran.epochs,
        f"{tag} has {len(points)} points for {ran.epochs} epochs; write one per epoch.",
        f"{tag} a {len(points)} points pour {ran.epochs} époques ; écrivez-en un par époque.",
    )
    return points


def _require_the_losses(ran, tag, size, points):
    losses = [row.loss for row in _counted(ran, size)]
    require(
        all(abs(value - loss) <= 1e-4 * abs(loss) for (_, value), loss in zip(points, losses, strict=True)),
        f"The points of {tag} are not the losses of the table.",
        f"Les points de {tag} ne sont pas les pertes du tableau.",
    )


@pytest.mark.item("campaign.logs")
def test_campaign_logs_per_epoch(run_campaign, rows):
    """With a writer, Loss_per_epoch/batch_B has the loss of each epoch, at step epoch.

    fr: Avec un writer, Loss_per_epoch/batch_B a la perte de chaque époque, au pas epoch.
    """
    ran = run_campaign(*rows, [23, 8], 4, 0.01, logs=True)
    for size in ran.batch_sizes:
        tag = f"Loss_per_epoch/batch_{size}"
        points = _points(ran, tag)
        require(
            [step for step, _ in points] in ([1, 2, 3, 4], [0, 1, 2, 3]),
            f"The steps of {tag} are not the epochs: pass `epoch` to add_scalar.",
            f"Les pas de {tag} ne sont pas les époques : passez `epoch` à add_scalar.",
        )
        _require_the_losses(ran, tag, size, points)


@pytest.mark.item("campaign.logs")
def test_campaign_logs_per_update(run_campaign, rows):
    """With a writer, Loss_per_update/batch_B has the loss of each epoch, at the number of steps so far.

    fr: Avec un writer, Loss_per_update/batch_B a la perte de chaque époque, au nombre de pas faits jusque-là.
    """
    ran = run_campaign(*rows, [23, 8], 4, 0.01, logs=True)
    for size in ran.batch_sizes:
        tag = f"Loss_per_update/batch_{size}"
        points = _points(ran, tag)
        due = [ran.due_updates(size, epoch) for epoch in (1, 2, 3, 4)]
        own = [row.updates for row in ran.rows(size)]  # a wrong count has been paid for
        require(
            [step for step, _ in points] in (due, own),
            f"The steps of {tag} are not the numbers of updates: pass `updates` to add_scalar.",
            f"Les pas de {tag} ne sont pas les nombres de mises à jour : passez `updates` à add_scalar.",
        )
        _require_the_losses(ran, tag, size, points)
