"""Training: the loop, the device, and what it reaches on rows that the session never receives."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradjudge.checks.instruments import define, make, optimizer
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.training.optimisation import PACE, mean_square, require_training
from gradjudge.checks.training.outcomes import loss_on, losses_of, require_loss
from gradjudge.checks.verdict import CheckFailed, StudentRaised, fail, require

FLOAT32 = 1e-4
SESSION = Path(__file__).with_name("session.py").read_text(encoding="utf-8")
EPOCHS = 20


def require_fit(got, training, forgiven=()):
    """Compare with the exact training; a mean over all pixels is told too."""
    try:
        require_training(got, training, where="fit", forgiven=forgiven, tolerance=FLOAT32)
    except CheckFailed as failed:
        try:
            require_training(
                got, replace(training, loss=mean_square), where="fit", forgiven=forgiven, tolerance=FLOAT32
            )
        except CheckFailed:
            raise failed from None
        if "scale" not in forgiven:
            fail(
                "fit divides the loss by the number of pixels too: use reconstruction_loss, (1/q) times the sum.",
                "fit divise aussi la perte par le nombre de pixels : utilisez reconstruction_loss, une moyenne sur les "
                "lignes.",
                mistake="factor 1/p",
            )


def is_right(got, training):
    try:
        require_training(got, training, tolerance=FLOAT32)
    except CheckFailed:
        return False
    return True


def require_moved(got, training):
    """Require a training to have moved some parameter."""
    require(
        any(not torch.equal(got[name].cpu().float(), value.float()) for name, value in training.start.items()),
        "fit does not move any parameter.",
        "fit ne déplace aucun paramètre.",
        mistake="frozen",
    )


@pytest.mark.item("fit")
def test_fit_first_step(training, fitted):
    """After one batch, fit has made exactly one step of the optimiser on reconstruction_loss.

    fr: Après un lot, fit a fait exactement un pas de l'optimiseur sur reconstruction_loss.
    """
    one = training("SGD", 0.02, [5], 1)
    require_fit(fitted(one)[0], one)


@pytest.mark.item("fit")
def test_fit_every_batch(training, fitted):
    """fit goes through every batch in each epoch, with fresh gradients and one step for each.

    fr: À chaque époque, fit passe par tous les lots, avec des gradients neufs et un pas pour chacun.
    """
    several = training("SGD", 0.02, [5, 3, 4], 3)
    require_fit(fitted(several)[0], several, forgiven=("scale", "rule", "steps"))


@pytest.mark.item("fit")
def test_fit_adam(training, fitted):
    """fit uses the optimiser that it is given: with Adam it makes Adam's steps.

    fr: fit utilise l'optimiseur qu'on lui donne : avec Adam, il fait les pas d'Adam.
    """
    several = training("Adam", 0.05, [5, 3, 4], 2)
    require_fit(fitted(several)[0], several, forgiven=("scale", "zero", *PACE))


@pytest.mark.item("fit")
def test_fit_start(training, fitted):
    """fit(..., epochs=4, start=2) trains for epochs 2 and 3 alone: two epochs.

    fr: fit(..., epochs=4, start=2) n'entraîne que pour les époques 2 et 3 : deux époques.
    """
    two = training("SGD", 0.02, [5, 3], 2)
    resumed, _ = fitted(two, epochs=4, start=2)
    whole, _ = fitted(two, epochs=2)
    require_moved(whole, two)
    require(
        all(
            resumed[name].shape == value.shape
            and torch.allclose(resumed[name].double(), value.double(), rtol=1e-4, atol=1e-6)
            for name, value in whole.items()
        ),
        "fit(..., epochs=4, start=2) does not train for two epochs: go through range(start, epochs).",
        "fit(..., epochs=4, start=2) n'entraîne pas pour deux époques : parcourez range(start, epochs).",
        mistake="start epoch",
    )


@pytest.mark.item("fit")
def test_fit_history(training, fitted):
    """fit returns a list with the loss of each epoch that it ran, and it falls.

    fr: fit renvoie une liste avec la perte de chaque époque qu'il a faite, et elle baisse.
    """
    several = training("SGD", 0.01, [5, 3, 4], 6)
    got, returned = fitted(several)
    losses = losses_of(returned, several.epochs)
    require(losses[-1] < losses[0], "The losses of fit do not fall.", "Les pertes de fit ne baissent pas.")
    require_moved(got, several)
    if is_right(got, several):  # a wrong training has other losses, and has been paid for
        right = several.losses()
        near = [min(batch) / 2 <= loss <= max(batch) * 2 for batch, loss in zip(right, losses, strict=True)]
        require(
            all(near),
            "The losses that fit returns are not those of its batches.",
            "Les pertes que fit renvoie ne sont pas celles de ses lots.",
            detail=f"got {losses}, the batches have {right}",
        )
    got, returned = fitted(several, epochs=6, start=4)
    if is_right(
        got, replace(several, epochs=2)
    ):  # who ignores start has paid for that, and returns as many as were run
        losses_of(returned, 2)


# --- outcome ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reached(helped_student, models_in_use, digits, device):
    """Train on digits with Adam; give the loss per pixel on held-out rows, computed on this side."""

    def train(latent, start=None, *, own_fit=True):
        model = models_in_use.made(64, latent)
        if start is not None:
            models_in_use.place(model, start)
        rule = optimizer(helped_student, model, "Adam", lr=0.01)
        if own_fit:
            helped_student.fit(model, digits.batches, rule, EPOCHS, device=str(device))
        else:
            models_in_use.train_by_steps(model, rule, digits.batches, EPOCHS)
        got = models_in_use.read(model)
        shapes = {"theta": torch.zeros(latent, 64), "b1": torch.zeros(latent), "b2": torch.zeros(64)}
        return loss_on(got, shapes, (digits.held_out, digits.held_out), models_in_use.loss_per_pixel)

    return train


def require_start(values):
    """Require the parameters of a new model with 64 inputs and 16 latent numbers to be drawn as they should."""
    for name in ("b1", "b2"):
        require(
            bool((values[name] == 0).all()),
            f"{name} does not start from zero.",
            f"{name} ne part pas de zéro.",
        )
    theta = values["theta"]
    require(
        theta.dim() == 2 and theta.numel() > 1,
        f"theta has shape {list(theta.shape)}; a matrix is due.",
        f"theta a la forme {list(theta.shape)} ; on attend une matrice.",
    )
    bound = 1 / math.sqrt(theta.shape[-1])  # a theta that lies the other way has paid for that
    spread = float(theta.std()) / (bound / math.sqrt(3))  # of 1024 numbers: 1, with a standard deviation of 1.4 %
    largest = float(theta.abs().max())  # once in 10^9 it is less than 0.98 of the bound
    require(
        0.98 * bound <= largest <= 1.001 * bound and 0.9 <= spread <= 1.1,
        f"theta does not start from kaiming_uniform_ with a = 5**0.5: its numbers are {_sized(spread)}.",
        f"theta ne part pas de kaiming_uniform_ avec a = 5**0.5 : ses nombres sont {_sized_fr(spread)}.",
        detail=f"standard deviation {spread:.3f} times what is due, largest {largest:.4f}",
    )


@pytest.mark.item("outcome.16")
def test_start_of_the_model(models):
    """A new model has a theta drawn by kaiming_uniform_ with a = 5**0.5, as nn.Linear's, and biases of zero.

    fr: Un modèle neuf a un theta tiré par kaiming_uniform_ avec a = 5**0.5, comme nn.Linear, et des biais nuls.
    """
    require_start(models.read(models.made(64, 16)))


def starts_right(values):
    try:
        require_start(values)
    except CheckFailed:
        return False
    return True


def given_start(rng, latent):
    """Draw a start for digits."""
    bound = 1 / math.sqrt(64)  # kaiming_uniform_ with a = 5 ** 0.5
    theta = (2 * torch.rand(latent, 64, generator=rng) - 1) * bound
    return {"theta": theta, "b1": torch.zeros(latent), "b2": torch.zeros(64)}


def _sized(spread):
    return "too large" if spread > 1.05 else "too small" if spread < 0.95 else "of another law"


def _sized_fr(spread):
    return "trop grands" if spread > 1.05 else "trop petits" if spread < 0.95 else "d'une autre loi"


@pytest.mark.item("outcome.16")
def test_outcome_16(reached, threshold, rng, models_in_use):
    """With 16 latents, from your own initial theta, or from a given one if yours is wrong, 20 epochs nearly reach PCA.

    fr: Avec 16 latents, depuis votre propre theta initial, ou depuis un theta donné si le vôtre est faux, 20 époques
        atteignent presque l'ACP.
    """
    own = starts_right(models_in_use.read(models_in_use.made(64, 16)))
    require_loss(reached(16, None if own else given_start(rng, 16)), threshold("outcome.16"))


@pytest.mark.item("outcome.32")
def test_outcome_32(reached, threshold, rng, passed, model_is_right):
    """With 32 latent numbers, from a given start, 20 epochs of Adam reach nearly what PCA reaches.

    fr: Avec 32 nombres latents, depuis un départ donné, 20 époques d'Adam atteignent presque l'ACP.
    """
    require(
        model_is_right or passed("fit"),
        "Neither the model nor fit is right yet, so there is nothing to judge here.",
        "Ni le modèle ni fit n'est encore juste : il n'y a rien à évaluer ici.",
    )
    require_loss(reached(32, given_start(rng, 32), own_fit=passed("fit")), threshold("outcome.32"))


# --- device -----------------------------------------------------------------------------------------------------------


@pytest.mark.item("device")
def test_pick_device(student):
    """pick_device takes CUDA where there is CUDA, else MPS, else the CPU.

    fr: pick_device prend CUDA s'il y en a, sinon MPS, sinon le CPU.
    """
    (device_under,) = define(student, SESSION, "device_under", label="pick_device")
    for cuda, mps, due in ((False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")):
        recipe = Recipe(student, label="pick_device")
        (got,) = recipe.run(recipe.of(device_under)(recipe.of(student.pick_device), cuda, mps))
        there = "CUDA and MPS" if cuda and mps else "CUDA" if cuda else "MPS" if mps else "neither CUDA nor MPS"
        there_fr = "CUDA et MPS" if cuda and mps else "CUDA" if cuda else "MPS" if mps else "ni CUDA ni MPS"
        require(
            got == due,
            f"On a machine with {there}, pick_device does not give {due}.",
            f"Sur une machine avec {there_fr}, pick_device ne donne pas {due}.",
            detail=f"got {got!r}",
        )


@pytest.mark.item("device")
def test_fit_moves_batches(helped_student, models_in_use, training, device):
    """fit moves each batch to the device that it is given, before it computes with it.

    fr: fit envoie chaque lot sur l'appareil qu'on lui donne, avant de calculer avec.
    """
    model = models_in_use.made()
    batches = [(x.float(), torch.zeros(len(x), dtype=torch.int64)) for x, _ in training("SGD", 0.01, [5, 3], 1).batches]
    elsewhere, moves = define(helped_student, SESSION, "elsewhere", "moves", label="fit")
    away = [(make(helped_student, elsewhere, x), labels) for x, labels in batches]
    rule = optimizer(helped_student, model, "SGD", lr=0.01)
    helped_student.fit(model, batches, rule, 1, device=str(device))
    try:
        helped_student.fit(model, away, rule, 1, device=str(device))
    except StudentRaised as raised:
        fail(
            "fit fails where the batches are on another device than the model: move each one, x = x.to(device).",
            "fit échoue quand les lots sont sur un autre appareil que le modèle : déplacez-les, x = x.to(device).",
            mistake="device",
            detail=raised.detail,
        )
    recipe = Recipe(helped_student, label="fit")
    (moved,) = recipe.run(recipe.of(moves)())
    require(
        type(moved) is int and moved >= 1,  # a batch that is used without being moved has raised above
        "fit does not use the batches that it is given.",
        "fit n'utilise pas les lots qu'on lui donne.",
        detail=f"{moved!r} moves of {len(away)} batches",
    )
