"""Descent with autograd: exact steps, from a start that stays as it is."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.instruments import kept, look
from gradjudge.checks.training.descent import linear_mse, require_trajectory, trained
from gradjudge.checks.training.outcomes import costs_along, losses_of, require_falling_history, require_told
from gradjudge.checks.verdict import CheckFailed, StudentRaised, fail, require


@pytest.mark.item("train_autograd.one_step")
def test_train_autograd_first_step_of_w(descent, follow):
    """After one step of train_autograd, w is exactly where gradient descent goes.

    fr: Après un pas de train_autograd, w est exactement là où mène la descente de gradient.
    """
    one_step = descent(1)
    require_trajectory(follow(one_step), one_step, only=["w"])


@pytest.mark.item("train_autograd.one_step")
def test_train_autograd_first_step_of_b(descent, follow):
    """After one step of train_autograd, b is exactly where gradient descent goes.

    fr: Après un pas de train_autograd, b est exactement là où mène la descente de gradient.
    """
    one_step = descent(1)
    require_trajectory(follow(one_step), one_step, only=["b"])


@pytest.mark.item("train_autograd.one_step")
def test_train_autograd_leaves_its_start_alone(student, descent):
    """train_autograd moves its own parameters and leaves the w and b that were given as they are.

    fr: train_autograd déplace ses propres paramètres et laisse tels quels le w et le b qu'on lui donne.
    """
    two_steps = descent(2)
    (x, y), start = two_steps.batches[0], two_steps.start
    w, b = kept(student, start["w"]), kept(student, start["b"])
    after = trained(student.train_autograd(x, y, two_steps.lr, 2, w, b), where="train_autograd").parameters
    now = {"w": look(w), "b": look(b)}
    changed = [name for name, value in now.items()
               if not (isinstance(value, torch.Tensor) and torch.equal(value, start[name]))]  # fmt: skip
    require(
        bool(changed) or not all(torch.equal(after[name].reshape(-1), start[name].reshape(-1)) for name in start),
        "Neither w nor b moved at all.",
        "Ni w ni b n'ont bougé.",
        mistake="frozen",
    )
    require(
        not changed,
        f"The given {' and '.join(changed)} changed: work on the copies that start_from gives.",
        f"Ce qui était donné a changé ({', '.join(changed)}) : travaillez sur les copies que donne start_from.",
        mistake="in place",
    )


@pytest.mark.item("train_autograd.five_steps")
def test_train_autograd_five_steps(descent, follow):
    """Five steps of train_autograd follow gradient descent exactly.

    fr: Cinq pas de train_autograd suivent exactement la descente de gradient.
    """
    five_steps = descent(5)
    require_trajectory(follow(five_steps), five_steps)


@pytest.mark.item("train_autograd.five_steps")
def test_train_autograd_history(student, descent):
    """The history of train_autograd has one number per epoch and falls.

    fr: L'historique de train_autograd a un nombre par époque et baisse.
    """
    steps = descent(20)
    (x, y), start = steps.batches[0], steps.start
    got = trained(student.train_autograd(x, y, steps.lr, 20, start["w"], start["b"]), where="train_autograd")
    require(
        len(got.rest) >= 1,
        "train_autograd must return (w, b, history).",
        "train_autograd doit renvoyer (w, b, history).",
        mistake="history",
    )
    history = got.rest[0]
    if _right(got.parameters, steps):
        require_falling_history(history, 20, last=float(linear_mse(steps.end(), x, y)))
        require_told(losses_of(history, 20), costs_along(steps))
    else:  # wrong steps have been paid for, and so has one that is missing
        epochs = len(history) if isinstance(history, list) and abs(len(history) - 20) == 1 else 20
        require(
            len(set(losses_of(history, epochs))) > 1,
            "The history has the same number in every epoch.",
            "L'historique a le même nombre à chaque époque.",
        )


def _right(parameters, descent):
    try:
        require_trajectory(parameters, descent)
    except CheckFailed:
        return False
    return True


@pytest.mark.item("train_autograd.five_steps")
def test_train_autograd_uses_autograd(student, descent, follow):
    """The gradients of train_autograd come from autograd, not from a formula.

    fr: Les gradients de train_autograd viennent d'autograd, et non d'une formule.
    """
    one_step, two_steps = descent(1), descent(2)
    follow(one_step)  # what raises here does so with autograd too
    (x, y), start = two_steps.batches[0], two_steps.start
    try:
        student.train_autograd.without_autograd(x, y, two_steps.lr, 2, start["w"], start["b"])
    except StudentRaised:
        return
    fail(
        "train_autograd does as well where autograd is switched off: let cost.backward() compute the gradients.",
        "train_autograd marche aussi quand autograd est coupé : laissez cost.backward() calculer les gradients.",
        mistake="no autograd",
    )
