"""Checkpoints, and pictures for TensorBoard."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.instruments import summary_writer
from gradjudge.checks.training.checkpoints import Checkpoints
from gradjudge.checks.training.logs import images
from gradjudge.checks.verdict import Text, require

OPTIMIZER = Text.own(
    "Adam keeps averages of the gradients: save and load the state of the optimiser too.",
    "Adam garde des moyennes des gradients : sauvegardez et chargez aussi l'état de l'optimiseur.",
    "optimizer state",
)
GENERATOR = Text.own(
    "The order of the rows comes from the generator: save its state, and load it into the generator that is given.",
    "L'ordre des lignes vient du générateur : sauvegardez son état, et chargez-le dans le générateur donné.",
    "generator",
)


@pytest.fixture
def checkpoints(helped_student, actions, device, rng):
    """Judge the student's pair of functions with trainings of one kind."""
    stem = f"graded-{torch.randint(10**9, (), generator=rng)}"  # no name that a cell may have written to

    def judge(rule="Adam", lr=0.05, *, shuffle=True):
        save, load = helped_student.save_checkpoint, helped_student.load_checkpoint
        return Checkpoints(helped_student, save, load, actions(rule, lr, shuffle=shuffle), stem=stem, device=device)

    return judge


@pytest.mark.item("checkpoint.round_trip")
def test_checkpoint_model(checkpoints):
    """A new model has the parameters that were saved, once they are loaded; saving changes nothing.

    fr: Un nouveau modèle a, une fois chargés, les paramètres sauvegardés ; sauvegarder ne change rien.
    """
    checkpoints().require_model()


@pytest.mark.item("checkpoint.round_trip")
def test_checkpoint_epoch(checkpoints):
    """load_checkpoint returns the number of epochs that were done when it was saved.

    fr: load_checkpoint renvoie le nombre d'époques faites au moment de la sauvegarde.
    """
    checkpoints().require_epochs()


@pytest.mark.item("checkpoint.round_trip")
def test_checkpoint_files(checkpoints):
    """Each path holds its own checkpoint.

    fr: Chaque chemin contient sa propre sauvegarde.
    """
    checkpoints().require_own_files()


@pytest.mark.item("checkpoint.resume")
def test_resume_adam(checkpoints, passed):
    """With Adam, a training that is cut and resumed ends exactly where an uninterrupted one ends.

    fr: Avec Adam, un apprentissage coupé puis repris finit exactement là où finit un apprentissage ininterrompu.
    """
    checkpoints("Adam", shuffle=False).require_resumed(OPTIMIZER, helped=not passed("checkpoint.round_trip"))


@pytest.mark.item("checkpoint.resume")
def test_resume_shuffled(checkpoints, passed):
    """With shuffled rows, a training that is cut and resumed ends exactly where an uninterrupted one ends.

    fr: Avec des lignes mélangées, un apprentissage coupé puis repris finit exactement là où finit un ininterrompu.
    """
    checkpoints("SGD", 0.02, shuffle=True).require_resumed(GENERATOR, helped=not passed("checkpoint.round_trip"))


@pytest.mark.item("checkpoint.atomic")
def test_atomic(checkpoints):
    """When a save fails half-way, the old checkpoint is still there, whole.

    fr: Quand une sauvegarde échoue à mi-chemin, l'ancienne est toujours là, entière.
    """
    checkpoints().require_atomic()


@pytest.mark.item("images")
def test_images(helped_student, models_in_use, rng):
    """log_reconstructions writes pictures of the vectors and of their reconstructions, at the step of the epoch.

    fr: log_reconstructions écrit les images des vecteurs et de leurs reconstructions, au pas de l'époque.
    """
    folder = f"graded-{torch.randint(10**9, (), generator=rng)}"
    writer, model, count, side = summary_writer(helped_student, folder), models_in_use.made(25, 4), 3, 5
    for epoch in (0, 5):
        helped_student.log_reconstructions(writer, model, torch.rand(count, side * side, generator=rng), epoch)
    written = [image for found in images(helped_student, folder).values() for image in found]
    require(
        bool(written),
        "No image was written to TensorBoard.",
        "Aucune image n'a été écrite dans TensorBoard.",
    )
    require(
        {image.step for image in written} == {0, 5},
        "The steps of the images are not the epochs that were given: pass epoch to add_images.",
        "Les pas des images ne sont pas les époques données : passez epoch à add_images.",
        detail=repr(written)[:500],
    )
    require(
        all(image.height >= side and image.width >= side for image in written),
        "An image is smaller than one picture: give each vector of n numbers its square shape, (1, side, side).",
        "Une image est plus petite qu'un dessin : donnez à chaque vecteur sa forme carrée, (1, côté, côté).",
        detail=repr(written)[:500],
    )
    pixels = sum(image.height * image.width for image in written) / 2
    require(
        pixels >= 2 * count * side * side,
        "The images have too few pixels for the vectors and their reconstructions.",
        "Les images ont trop peu de pixels pour les vecteurs et leurs reconstructions.",
        detail=repr(written)[:500],
    )
