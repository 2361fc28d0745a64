"""Gradient descent: full batch, stochastic, mini-batch, and the largest step that converges."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gradjudge.checks import Forbidden, forbidden_calls, leads_to
from gradjudge.checks.instruments import generator, kept, look, summary_writer
from gradjudge.checks.training.batches import require_new_order_row_by_row
from gradjudge.checks.training.descent import Descent, require_first_step, require_trajectory, trained
from gradjudge.checks.training.logs import curves, require_curves, require_end
from gradjudge.checks.training.outcomes import (
    costs_along,
    grows,
    loss_on,
    losses_of,
    require_falling_history,
    require_loss,
    require_told,
    step_limit,
)
from gradjudge.checks.verdict import CheckFailed, Text, require

KERNELS = (
    "torch.ops",
    "torch._C",
    "torch._decomp",
    "torch.nn.grad",
    "torch.nn.functional.grad",
    "torch.autograd.forward_ad",
)
AUTOGRAD = Forbidden(("train_batch",), (".backward", "torch.autograd.grad", "torch.autograd.backward", *KERNELS))
OWN_FUNCTIONS = ("MSE", "mse", "Linear", "linear", "MSEFunction", "LinearFunction", "MyMSE", "MyLinear")


@pytest.mark.item("train_batch.p1")
def test_train_batch_first_step_of_w(descent, follow):
    """After one step of train_batch, w is exactly where gradient descent goes.

    fr: Après un pas de train_batch, w est exactement là où mène la descente de gradient.
    """
    one_step = descent(1)
    require_first_step(follow, one_step, lambda got: require_trajectory(got, one_step, only=["w"]))


@pytest.mark.item("train_batch.p1")
def test_train_batch_first_step_of_b(descent, follow):
    """After one step of train_batch, b is exactly where gradient descent goes.

    fr: Après un pas de train_batch, b est exactement là où mène la descente de gradient.
    """
    one_step = descent(1)
    require_first_step(follow, one_step, lambda got: require_trajectory(got, one_step, only=["b"]))


@pytest.mark.item("train_batch.p1")
def test_train_batch_leaves_its_start_alone(helped_student, descent, follow):
    """train_batch moves its own parameters and leaves the w and b that were given as they are.

    fr: train_batch déplace ses propres paramètres et laisse tels quels le w et le b qu'on lui donne.
    """
    two_steps = descent(2)
    (x, y), start = two_steps.batches[0], two_steps.start
    w, b = kept(helped_student, start["w"]), kept(helped_student, start["b"])
    after = trained(helped_student.train_batch(x, y, two_steps.lr, 2, w=w, b=b)).parameters
    require(
        not torch.equal(after["w"], start["w"]),
        "w did not move at all.",
        "w n'a pas bougé du tout.",
        mistake="frozen w",
    )
    require(
        all(any(along_the_gradient(follow(own), own) for own in (descent(1), descent(2))) for _ in range(2)),
        "What comes back is no descent: w does not move along the gradient.",
        "Ce qui est renvoyé n'est pas une descente : w ne bouge pas selon le gradient.",
    )
    for name, given in (("w", w), ("b", b)):
        now = look(given)
        require(
            isinstance(now, torch.Tensor) and torch.equal(now, start[name]),
            f"The {name} that was given has changed: write {name} = {name} - lr * ..., or work on a copy.",
            f"Le {name} donné a changé : écrivez {name} = {name} - lr * ..., ou travaillez sur une copie.",
            mistake="in place",
        )


def along_the_gradient(got, descent):
    """Tell whether w moves as in a descent, though the sign or the size may be wrong; NaN does not."""
    start, right, w = descent.start["w"], descent.end()["w"], got["w"]
    if w.shape != start.shape:
        return False
    move, due = w - start, right - start
    return abs(float((move * due).sum())) >= 0.9 * float(move.norm() * due.norm()) > 0


@pytest.mark.item("train_batch.p1")
def test_train_batch_five_steps(descent, follow, sources):
    """Five steps of train_batch follow gradient descent exactly, with gradients that are your own.

    fr: Cinq pas de train_batch suivent exactement la descente de gradient, avec vos propres gradients.
    """
    require(
        not forbidden_calls(sources, [AUTOGRAD]) or leads_to(sources, "train_batch", OWN_FUNCTIONS),
        "train_batch lets autograd differentiate a formula: use your MSE and Linear, by hand or through their apply.",
        "train_batch laisse autograd dériver une formule : utilisez vos MSE et Linear, à la main ou par leur apply.",
        mistake="autograd",
    )
    five_steps = descent(5)
    require_trajectory(follow(five_steps), five_steps)


@pytest.mark.item("train_batch.p3")
def test_train_batch_three_outputs(descent, follow):
    """With three outputs, five steps of train_batch follow gradient descent exactly.

    fr: Avec trois sorties, cinq pas de train_batch suivent exactement la descente de gradient.
    """
    five_steps = descent(5, outputs=3)
    require_trajectory(follow(five_steps), five_steps)


@pytest.fixture
def costs_told(helped_student, diabetes):
    """Give what a descent on some rows costs on others: the right one, or (with no steps) the student's own.

    Nothing where the student's own goes elsewhere with each call.
    """

    def trained_for(rows, epochs):
        return trained(helped_student.train_batch(*rows, 0.1, epochs)).parameters

    def costs(rows, others, steps):
        at = [diabetes.start]
        for count in range(steps or 4):  # a wrong descent is asked for one epoch more each time
            at.append(Descent(at[-1], [rows], 0.1).end() if steps else trained_for(rows, count + 1))
        found = [[loss_on(each, diabetes.start, those) for each in at] for those in others]
        if not steps:
            again = trained_for(rows, 4)
            loss_on(again, diabetes.start, rows)  # fails if a shape is another
            if not float((again["w"] - at[-1]["w"]).norm()) <= 0.5 * float(again["w"].norm()):
                return [[] for _ in others]  # each call starts or goes elsewhere
        return found

    return costs


@pytest.mark.item("train_batch.curves")
def test_train_batch_history(helped_student, diabetes, passed, costs_told):
    """The history of train_batch has one number per epoch and falls to the cost of what is returned.

    fr: L'historique de train_batch a un nombre par époque et baisse jusqu'au coût de ce qui est renvoyé.
    """
    epochs = 40
    got = trained(helped_student.train_batch(*diabetes.train, 0.1, epochs))
    require(
        len(got.rest) >= 1,
        "train_batch must return (w, b, history).",
        "train_batch doit renvoyer (w, b, history).",
        mistake="history",
    )
    right = passed("train_batch.p1")
    end = loss_on(got.parameters, diabetes.start, diabetes.train)
    (costs,) = costs_told(diabetes.train, [diabetes.train], epochs if right else 0)
    require_falling_history(got.rest[0], epochs, last=end if right or not costs else None)
    if costs:
        require_told(losses_of(got.rest[0], epochs), costs, paid=not right)
    if right:
        whole = Descent(diabetes.start, [diabetes.train] * epochs, 0.1)
        require_trajectory(got.parameters, whole, tolerance=1e-4)  # no epoch more than was asked for


@pytest.mark.item("train_batch.curves")
def test_train_batch_curves(helped_student, diabetes, passed, rng, costs_told):
    """With a SummaryWriter, Loss/train and Loss/test are written once per epoch, and they fall.

    fr: Avec un SummaryWriter, Loss/train et Loss/test sont écrits une fois par époque, et ils baissent.
    """
    epochs = 40
    x, y = diabetes.train
    train, test = (x[:250], y[:250]), (x[250:], y[250:])
    folder = f"graded-{torch.randint(10**9, (), generator=rng)}"  # no name that a cell may have written to
    writer = summary_writer(helped_student, folder)
    got = trained(helped_student.train_batch(*train, 0.1, epochs, x_test=test[0], y_test=test[1], writer=writer))
    written = curves(helped_student, folder)
    require_curves(written, ["Loss/train", "Loss/test"], epochs)
    right = passed("train_batch.p1")
    told = costs_told(train, (train, test), epochs if right else 0)
    for tag, rows, costs in zip(("Loss/train", "Loss/test"), (train, test), told, strict=True):
        values = [value for _, value in written[tag.lower()]]
        if costs:
            curve = Text.own(f"The curve {tag}", f"La courbe {tag}")
            require_told(values, costs, curve, slack=1, paid=not right)
        if right or not costs:  # where a wrong descent ends has been paid for
            require_end(written, tag, loss_on(got.parameters, diabetes.start, rows))


@pytest.fixture
def largest_step(student, rng):
    """Ask for the largest step on rows that are not centred; give it with the rows."""
    x = torch.randn(20, 3, generator=rng, dtype=torch.float64) + torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    step = student.max_learning_rate(x)
    if isinstance(step, torch.Tensor) and step.numel() == 1:
        step = step.item()
    require(
        isinstance(step, int | float),
        "max_learning_rate must return a number.",
        "max_learning_rate doit renvoyer un nombre.",
    )
    return float(step), x


@pytest.mark.item("max_learning_rate")
def test_max_learning_rate_separates(largest_step):
    """With a step 5 % below max_learning_rate batch descent converges; 5 % above it, it diverges.

    fr: Avec un pas de 5 % sous max_learning_rate, la descente converge ; 5 % au-dessus, elle diverge.
    """
    step, x = largest_step
    require(
        not grows(0.95 * step, x),
        "A step 5 % below yours diverges already: yours is too large.",
        "Un pas inférieur de 5 % au vôtre diverge déjà : le vôtre est trop grand.",
    )
    require(
        step > 0 and grows(1.05 * step, x),
        "A step 5 % above yours still converges: yours is too small.",
        "Un pas supérieur de 5 % au vôtre converge encore : le vôtre est trop petit.",
    )


@pytest.mark.item("max_learning_rate")
def test_max_learning_rate_value(largest_step):
    """max_learning_rate is 2 / lambda_max of (2/q) [x 1]' [x 1], to a thousandth.

    fr: max_learning_rate vaut 2 / lambda_max de (2/q) [x 1]' [x 1], au millième près.
    """
    step, x = largest_step
    right = step_limit(x)
    require(
        not abs(2 * step - right) <= 1e-3 * right,
        "max_learning_rate is half of what it should be: 2 / lambda_max, not 1 / lambda_max.",
        "max_learning_rate vaut la moitié de ce qu'il faut : 2 / lambda_max, et non 1 / lambda_max.",
        mistake="factor 1/2",
    )
    require(
        abs(step - right) <= 1e-3 * right,
        "max_learning_rate is not 2 / lambda_max with the column of ones.",
        "max_learning_rate n'est pas 2 / lambda_max avec la colonne de uns.",
    )


@pytest.mark.item("train_sgd")
def test_train_sgd_one_row_per_step(single_rows):
    """train_sgd makes one step for each row.

    fr: train_sgd fait un pas pour chaque ligne.
    """
    single_rows.full_batches()


@pytest.mark.item("train_sgd")
def test_train_sgd_each_row_once(single_rows):
    """Each epoch of train_sgd visits every row once, in a new order.

    fr: Chaque époque de train_sgd visite chaque ligne une fois, dans un nouvel ordre.
    """
    single_rows.each_row_once()
    require_new_order_row_by_row(single_rows.train)


@pytest.mark.item("train_sgd")
def test_train_sgd_outcome(train_sgd, diabetes, threshold):
    """Five epochs of train_sgd reach the expected loss on rows that your code has not seen.

    fr: Cinq époques de train_sgd atteignent la perte attendue sur des lignes que votre code n'a pas vues.
    """
    got = train_sgd(*diabetes.train, 0.001, 5)
    require_loss(loss_on(got.parameters, diabetes.start, diabetes.held_out), threshold("train_sgd.loss"))


@pytest.mark.item("train_sgd")
def test_train_sgd_steps(train_sgd, descent):
    """Every step of train_sgd goes exactly where gradient descent goes, and each epoch has its number in the history.

    fr: Chaque pas de train_sgd va exactement là où mène la descente de gradient, et chaque époque a son nombre dans
    l'historique.
    """
    (x, y), epochs = descent(1).batches[0], 12
    row = x[:1], y[:1]  # the same row again and again: whatever the order, these are the steps
    steps = replace(descent(1), batches=[row] * (5 * epochs), lr=0.001)  # small, so that one step more still shows
    rows = row[0].repeat(5, 1), row[1].repeat(5, 1)
    got = train_sgd(*rows, steps.lr, epochs, w=steps.start["w"], b=steps.start["b"])
    require_trajectory(got.parameters, steps)
    require_told(losses_of(got.rest[0] if got.rest else None, epochs), costs_along(steps), each=5)


@pytest.mark.item("train_minibatch.structure")
def test_train_minibatch_sizes(minibatches):
    """train_minibatch takes batches of batch_size rows, and makes one step for each.

    fr: train_minibatch prend des lots de batch_size lignes, et fait un pas pour chacun.
    """
    minibatches.full_batches()


@pytest.mark.item("train_minibatch.structure")
def test_train_minibatch_each_row_once(minibatches):
    """Each epoch of train_minibatch visits every row once.

    fr: Chaque époque de train_minibatch visite chaque ligne une fois.
    """
    minibatches.each_row_once()


@pytest.mark.item("train_minibatch.structure")
def test_train_minibatch_new_order(minibatches):
    """Rows come in a new order in each epoch of train_minibatch.

    fr: Les lignes viennent dans un nouvel ordre à chaque époque de train_minibatch.
    """
    minibatches.new_order()


@pytest.mark.item("train_minibatch.structure")
def test_train_minibatch_reproducible(student, train_minibatch, diabetes):
    """With two generators of the same seed, train_minibatch gives the same result twice.

    fr: Avec deux générateurs de même graine, train_minibatch donne deux fois le même résultat.
    """
    x, y = diabetes.train
    first, second = (
        train_minibatch(x[:50], y[:50], 0.01, 3, 8, generator=generator(student, 7)).parameters["w"] for _ in range(2)
    )
    require(
        torch.equal(first, second) and bool(first.abs().sum() > 0),
        "Two generators of the same seed do not give the same result: take all randomness from `generator`.",
        "Deux générateurs de même graine ne donnent pas le même résultat : tirez tout le hasard de `generator`.",
        mistake="generator",
    )


@pytest.mark.item("train_minibatch.structure")
def test_train_minibatch_last_short_batch(minibatches):
    """The last, shorter batch of train_minibatch is used, and divided by its own size.

    fr: Le dernier lot de train_minibatch, plus court, sert, et se divise par sa propre taille.
    """
    minibatches.last_short_batch()


@pytest.mark.item("train_minibatch.outcome")
def test_train_minibatch_loss(train_minibatch, diabetes, threshold):
    """Fifteen epochs of train_minibatch reach the expected loss on rows that your code has not seen.

    fr: Quinze époques de train_minibatch atteignent la perte attendue sur des lignes que votre code n'a pas vues.
    """
    got = train_minibatch(*diabetes.train, 0.01, 15, 32)
    require_loss(loss_on(got.parameters, diabetes.start, diabetes.held_out), threshold("train_minibatch.loss"))


@pytest.mark.item("train_minibatch.outcome")
def test_train_minibatch_steps(train_minibatch, descent):
    """With one batch of all rows, train_minibatch is full-batch descent exactly, with one number per epoch of history.

    fr: Avec un seul lot de toutes les lignes, train_minibatch est exactement la descente batch, avec un nombre par
    époque dans l'historique.
    """
    (x, y), epochs = descent(1).batches[0], 23
    rows = x[:1].repeat(6, 1), y[:1].repeat(6, 1)  # alike: only the size and the number of the steps count here
    steps = replace(descent(1), batches=[rows] * epochs, lr=0.002)  # small, so that one step more still shows
    ends = [
        train_minibatch(*rows, steps.lr, epochs, size, w=steps.start["w"], b=steps.start["b"])
        for size in (6, 12)  # which rows make up a batch is judged elsewhere: one of the two will do
    ]
    try:
        require_trajectory(ends[0].parameters, steps)
    except CheckFailed:
        ends = ends[1:]
        require_trajectory(ends[0].parameters, steps)
    require_told(losses_of(ends[0].rest[0] if ends[0].rest else None, epochs), costs_along(steps))


@pytest.mark.item("train_minibatch.outcome")
def test_train_minibatch_speed(train_minibatch, diabetes, threshold):
    """With the same step, train_minibatch needs at most a third of the epochs of full-batch descent.

    fr: Avec le même pas, train_minibatch a besoin d'au plus un tiers des époques de la descente batch.
    """
    epochs = int(threshold("train_minibatch.share") * diabetes.full_batch_epochs)
    got = train_minibatch(*diabetes.train, 0.01, epochs, 32)
    require(
        loss_on(got.parameters, diabetes.start, diabetes.train) <= diabetes.target,
        "In a third of the epochs of full batch, mini-batch is not yet where full batch ends.",
        "En un tiers des époques de la descente batch, le mini-lot n'est pas encore là où elle finit.",
    )
