"""The data set: items, dtype and range, and images that are read one by one."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks import datasets

LABELS = torch.tensor([7, 2, 9, 2, 5])


@pytest.fixture
def images(rng):
    """Draw small images: more rows than columns, so that reading by columns shows; each has its own largest number."""
    drawn = torch.randint(1, 13, (5, 4, 3), generator=rng)
    return drawn.to(torch.uint8)


@pytest.fixture
def items(student, images):
    """Make a data set, and give all of its items."""

    def read(scale=16, dtype=torch.uint8):
        held = datasets.built(student, student.DigitsDataset, images.to(dtype), LABELS, scale)
        return datasets.items_of(student, held, range(len(images)))

    return read


@pytest.mark.item("dataset.items")
def test_dataset_length(student, images):
    """len(dataset) is the number of images.

    fr: len(dataset) est le nombre d'images.
    """
    held = datasets.built(student, student.DigitsDataset, images, LABELS, 16)
    datasets.require_length(student, held, len(images))


@pytest.mark.item("dataset.items")
def test_dataset_vectors(items, images):
    """The vector of item i is image i, read row by row.

    fr: Le vecteur de l'élément i est l'image i, lue ligne par ligne.
    """
    datasets.require_vectors(items(), images)


@pytest.mark.item("dataset.items")
def test_dataset_labels(items):
    """The label of item i is labels[i], an integer.

    fr: L'étiquette de l'élément i est labels[i], un nombre entier.
    """
    datasets.require_labels(items(), LABELS)


@pytest.mark.item("dataset.range")
def test_dataset_float32(items):
    """Vectors are float32, whatever the type of the images.

    fr: Les vecteurs sont de type float32, quel que soit le type des images.
    """
    for dtype in (torch.uint8, torch.float64):
        datasets.require_float32(items(dtype=dtype))


@pytest.mark.item("dataset.range")
def test_dataset_normalised(items, images):
    """Vectors are divided by scale, so that they lie in [0, 1].

    fr: Les vecteurs sont divisés par scale, et se trouvent donc dans [0, 1].
    """
    for scale in (16, 255):
        datasets.require_unit_range(items(scale), images, scale)


@pytest.mark.item("dataset.lazy")
def test_dataset_lazy(student, images):
    """Image i is read when item i is asked for, not before, and no other.

    fr: L'image i est lue quand on demande l'élément i, pas avant, et elle seule.
    """
    datasets.require_lazy(student, student.DigitsDataset, images, LABELS, 16)
