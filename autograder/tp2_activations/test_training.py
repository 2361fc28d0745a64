"""A network with one hidden layer: its training by hand, step by step, and what it reaches."""

from __future__ import annotations

import math

import pytest
import torch

from gradjudge.checks import Forbidden, forbidden_calls, leads_to
from gradjudge.checks.instruments import generator, kept, look
from gradjudge.checks.training.descent import Descent, trained
from gradjudge.checks.training.networks_by_hand import NAMES, drawn_network, network_mse
from gradjudge.checks.training.outcomes import (
    costs_along,
    loss_on,
    losses_of,
    require_falling_history,
    require_loss,
    require_told,
)
from gradjudge.checks.verdict import require

KERNELS = (
    "torch.ops",
    "torch._C",
    "torch._decomp",
    "torch.nn.grad",
    "torch.nn.functional.grad",
    "torch.autograd.forward_ad",
)
AUTOGRAD = Forbidden(("train_mlp",), (".backward", "torch.autograd.grad", "torch.autograd.backward", *KERNELS))
GIVEN_FUNCTIONS = ("MSE", "mse", "Linear", "linear")


@pytest.mark.item("train_mlp.w1")
def test_train_mlp_first_step_of_w1(follow):
    """After one step of train_mlp, w1 is exactly where gradient descent goes.

    fr: Après un pas de train_mlp, w1 est exactement là où mène la descente de gradient.
    """
    follow("Tanh", 1, only=("w1",))


@pytest.mark.item("train_mlp.b1")
def test_train_mlp_first_step_of_b1(follow):
    """After one step of train_mlp, b1 is exactly where gradient descent goes.

    fr: Après un pas de train_mlp, b1 est exactement là où mène la descente de gradient.
    """
    follow("Tanh", 1, only=("b1",))


@pytest.mark.item("train_mlp.w2")
def test_train_mlp_first_step_of_w2(follow):
    """After one step of train_mlp, w2 is exactly where gradient descent goes.

    fr: Après un pas de train_mlp, w2 est exactement là où mène la descente de gradient.
    """
    follow("Tanh", 1, only=("w2",))


@pytest.mark.item("train_mlp.b2")
def test_train_mlp_first_step_of_b2(follow):
    """After one step of train_mlp, b2 is exactly where gradient descent goes.

    fr: Après un pas de train_mlp, b2 est exactement là où mène la descente de gradient.
    """
    follow("Tanh", 1, only=("b2",))


@pytest.mark.item("train_mlp.steps")
def test_train_mlp_five_steps(follow, sources):
    """Five steps of train_mlp follow gradient descent exactly, through MSE, Linear and the activation.

    fr: Cinq pas de train_mlp suivent exactement la descente de gradient, à travers MSE, Linear et l'activation.
    """
    require(
        not forbidden_calls(sources, [AUTOGRAD]) or leads_to(sources, "train_mlp", GIVEN_FUNCTIONS),
        "train_mlp lets autograd differentiate a formula: chain MSE, Linear and the activation yourself.",
        "train_mlp laisse autograd dériver une formule : enchaînez MSE, Linear et l'activation vous-même.",
        mistake="autograd",
    )
    follow("Tanh", 5)


@pytest.mark.item("train_mlp.steps")
def test_train_mlp_three_outputs(follow):
    """With three outputs, five steps of train_mlp follow gradient descent exactly.

    fr: Avec trois sorties, cinq pas de train_mlp suivent exactement la descente de gradient.
    """
    follow("Tanh", 5, outputs=3)


@pytest.mark.item("train_mlp.steps")
def test_train_mlp_any_activation(follow):
    """train_mlp goes through the activation that it is given, known or not.

    fr: train_mlp passe par l'activation qu'on lui donne, connue ou non.
    """
    follow("Sigmoid", 5)
    follow("Ripple", 5)


@pytest.mark.item("train_mlp.steps")
def test_train_mlp_history(train, activation, friedman, rng, passed):
    """The history of train_mlp has one number per epoch, from the cost of the start to that of what is returned.

    fr: L'historique de train_mlp a un nombre par époque, du coût de départ à celui de ce qui est renvoyé.
    """
    given, formula = activation("Tanh")
    start, epochs = drawn_network(rng, 5, 6, 1), 60
    got = train(friedman.train, given, start, 0.1, epochs)
    require(
        len(got.rest) >= 1,
        "train_mlp must return (params, history).",
        "train_mlp doit renvoyer (params, history).",
        mistake="history",
    )
    followed = all(passed(f"train_mlp.{name}") for name in NAMES)  # where a wrong descent ends has been paid for
    end = loss_on(got.parameters, start, friedman.train, network_mse(formula)) if followed else None
    require_falling_history(got.rest[0], epochs, last=end)
    if followed:
        loss = network_mse(formula)
        first, cost = losses_of(got.rest[0], epochs)[0], loss_on(start, start, friedman.train, loss)
        late = loss_on(Descent(start, [friedman.train], 0.1, loss).end(), start, friedman.train, loss)
        require(
            not abs(first - late) <= 1e-3 * late,
            "The history has the cost at the end of each epoch; the one at its start, before the step, is asked for.",
            "L'historique donne le coût à la fin de chaque époque ; on demande celui de son début, avant le pas.",
            mistake="history late",
        )
        require(
            abs(first - cost) <= 1e-3 * cost,
            "The first number of the history is not the cost of the start, before the first step.",
            "Le premier nombre de l'historique n'est pas le coût de départ, avant le premier pas.",
            detail=f"history starts at {first:.6g}, the start costs {cost:.6g}",
        )
        whole = Descent(start, [friedman.train] * epochs, 0.1, loss)
        require_told(losses_of(got.rest[0], epochs), costs_along(whole))


@pytest.mark.item("train_mlp.steps")
def test_train_mlp_leaves_its_start_alone(helped_student, train, activation, rng):
    """train_mlp moves its own parameters and leaves those that were given as they are.

    fr: train_mlp déplace ses propres paramètres et laisse intacts ceux qu'on lui donne.
    """
    given, _ = activation("Tanh")
    rows = tuple(torch.randn(12, width, generator=rng, dtype=torch.float64) for width in (4, 1))
    start = drawn_network(rng, 4, 5, 1, bias=0.3)
    held = {name: kept(helped_student, value) for name, value in start.items()}
    after = train(rows, given, held, 0.1, 2)
    require(
        not all(torch.equal(after.parameters[name], start[name]) for name in NAMES),
        "No parameter moved at all.",
        "Aucun paramètre n'a bougé.",
        mistake="frozen",
    )
    for name, tensor in held.items():
        now = look(tensor)
        require(
            isinstance(now, torch.Tensor) and torch.equal(now, start[name]),
            f"The {name} that was given has changed: write {name} = {name} - lr * ..., or work on a copy.",
            f"Le {name} donné a changé : écrivez {name} = {name} - lr * ..., ou travaillez sur une copie.",
            mistake="in place",
        )


# --- what it reaches ------------------------------------------------------------------------------------------------

#: Steps and their number. ReLU needs the smaller step for a start of its own: at 0.1 one start in 200 stays at 0.37.
BUDGET = {"Tanh": (0.1, 500), "ReLU": (0.05, 1000)}


@pytest.fixture
def reached(train, activation, friedman):
    """Train on 1000 rows and give the loss on 2000 others, with the loss that the reference reaches."""

    def reach(name, start):
        given, formula = activation(name)
        lr, steps = BUDGET[name]
        loss = network_mse(formula)
        got = train(friedman.train, given, start, lr, steps)
        return loss_on(got.parameters, start, friedman.held_out, loss)

    return reach


def _from_given(reached, friedman, rng, name, formula, threshold):
    lr, steps = BUDGET[name]
    start, loss = drawn_network(rng, 5, 10, 1), network_mse(formula)
    right = loss_on(Descent(start, [friedman.train] * steps, lr, loss).end(), start, friedman.held_out, loss)
    require_loss(reached(name, start), threshold("outcome.given") * right)


def _from_own(reached, student, rng, name, passed, threshold):
    """Take the better of two starts of init_mlp; of ours, where init_mlp has failed and been paid for."""
    losses = []
    for seed in torch.randint(10**6, (2,), generator=rng).tolist():
        if passed("init_mlp"):
            start = trained(student.init_mlp(5, 10, 1, generator(student, seed)), NAMES, where="init_mlp").parameters
            start = {key: value.reshape(-1) if key in ("b1", "b2") else value for key, value in start.items()}
        else:
            start = drawn_network(rng, 5, 10, 1)
        losses.append(reached(name, start))
    require_loss(min(losses, key=lambda loss: math.inf if math.isnan(loss) else loss), threshold("outcome.own"))


@pytest.mark.item("outcome.tanh")
def test_outcome_tanh_from_given(reached, friedman, rng, threshold):
    """From given params, train_mlp with Tanh reaches the expected loss on rows that your code has not seen.

    fr: Depuis des params donnés, train_mlp avec Tanh atteint la perte attendue sur des lignes jamais vues.
    """
    _from_given(reached, friedman, rng, "Tanh", torch.tanh, threshold)


@pytest.mark.item("outcome.tanh")
def test_outcome_tanh_from_own(reached, student, rng, passed, threshold):
    """From your init_mlp, train_mlp with Tanh reaches the expected loss on rows that your code has not seen.

    fr: Depuis votre init_mlp, train_mlp avec Tanh atteint la perte attendue sur des lignes jamais vues.
    """
    _from_own(reached, student, rng, "Tanh", passed, threshold)


@pytest.mark.item("outcome.relu")
def test_outcome_relu_from_given(reached, friedman, rng, threshold):
    """From given params, train_mlp with ReLU reaches the expected loss on rows that your code has not seen.

    fr: Depuis des params donnés, train_mlp avec ReLU atteint la perte attendue sur des lignes jamais vues.
    """
    _from_given(reached, friedman, rng, "ReLU", torch.relu, threshold)


@pytest.mark.item("outcome.relu")
def test_outcome_relu_from_own(reached, student, rng, passed, threshold):
    """From your init_mlp, train_mlp with ReLU reaches the expected loss on rows that your code has not seen.

    fr: Depuis votre init_mlp, train_mlp avec ReLU atteint la perte attendue sur des lignes jamais vues.
    """
    _from_own(reached, student, rng, "ReLU", passed, threshold)
