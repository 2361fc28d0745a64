"""Data sets are judged one question at a time, and mistakes are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from pupils import Pupil

from gradjudge.checks import datasets
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

IMAGES = torch.randint(1, 13, (5, 4, 3), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
LABELS = torch.tensor([7, 2, 9, 2, 5])
SOURCE = """
import numpy as np
import torch

class Digits:
    def __init__(self, images, labels, scale):
        {init}
    def __len__(self):
        return {length}
    def __getitem__(self, i):
        return {item}
"""
KEEP = "self.images, self.labels, self.scale = images, labels, scale"
VECTOR = "self.images[i].reshape(-1).float() / self.scale"


def student(
    init: str = KEEP, length: str = "len(self.labels)", item: str = f"({VECTOR}, int(self.labels[i]))"
) -> Student:
    """Return a student with a data set made of these pieces."""
    pupil = Pupil()
    pupil.define(SOURCE.format(init=init, length=length, item=item))
    return Student(pupil.ask)


def judge(who: Student, images: torch.Tensor = IMAGES, scale: int = 16) -> dict[str, str]:
    """Return the questions that fail, with what the student reads."""
    failed: dict[str, str] = {}

    def ask(name: str, question: Callable[[], None]) -> None:
        try:
            question()
        except CheckFailed as wrong:
            failed[name] = str(wrong.text)

    def items() -> list[tuple[object, object]]:
        return datasets.items_of(who, datasets.built(who, who.Digits, images, LABELS, scale), range(5))

    ask("length", lambda: datasets.require_length(who, datasets.built(who, who.Digits, images, LABELS, scale), 5))
    ask("vectors", lambda: datasets.require_vectors(items(), images))
    ask("labels", lambda: datasets.require_labels(items(), LABELS))
    ask("float32", lambda: datasets.require_float32(items()))
    ask("range", lambda: datasets.require_unit_range(items(), images, scale))
    ask("lazy", lambda: datasets.require_lazy(who, who.Digits, images, LABELS, scale))
    return failed


@pytest.mark.parametrize(
    "pieces",
    [
        {},
        {"item": f"[{VECTOR}, self.labels[i]]"},
        {"item": "(torch.as_tensor(self.images[i]).float().flatten().div(self.scale), self.labels[i].item())"},
        {"item": "(self.images[i].numpy().astype(np.float32).ravel() / np.float32(self.scale), int(self.labels[i]))"},
        {"init": KEEP + "; self.labels = labels.tolist()", "item": f"({VECTOR}, self.labels[i])"},
        {"init": KEEP + "; self.images = images.reshape(len(images), -1)", "length": "len(self.images)"},
    ],
)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float64])
@pytest.mark.parametrize("scale", [16, 255])
def test_right_data_sets_pass(pieces: dict[str, str], dtype: torch.dtype, scale: int) -> None:
    """Labels of several types, numpy and views are all right."""
    assert judge(student(**pieces), IMAGES.to(dtype), scale) == {}


@pytest.mark.parametrize(
    ("pieces", "failed", "says"),
    [
        ({"length": "len(self.labels) - 1"}, {"length", "lazy"}, "not the number of images"),
        ({"item": "(self.images[i].float() / self.scale, int(self.labels[i]))"}, {"vectors"}, "has shape [4, 3]"),
        ({"item": "(self.images[i].T.reshape(-1).float() / self.scale, int(self.labels[i]))"}, {"vectors"}, "column"),
        ({"item": "(self.images[0].reshape(-1).float() / self.scale, int(self.labels[i]))"},
         {"vectors", "range", "lazy"}, "is not image i"),
        ({"item": f"({VECTOR}, i)"}, {"labels"}, "not labels[i]"),
        ({"item": f"({VECTOR}, float(self.labels[i]))"}, {"labels"}, "as an integer"),
        ({"item": "(self.images[i].reshape(-1).float(), int(self.labels[i]))"}, {"range"}, "divide it by scale"),
        ({"item": "(self.images[i].reshape(-1).float() / 15, int(self.labels[i]))"}, {"range"}, "scale that was given"),
        ({"item": "(self.images[i].reshape(-1).float() / self.images[i].max(), int(self.labels[i]))"}, {"range"},
         "its own image"),
        ({"item": f"(({VECTOR}).double(), int(self.labels[i]))"}, {"float32"}, "is float64"),
        ({"init": KEEP + "; self.images = images / 1"}, {"lazy"}, "before any is asked for"),
        ({"init": KEEP + "; self.images = torch.stack([x for x in images])"}, {"lazy"}, "before any is asked for"),
        ({"init": KEEP + "; self.images = torch.tensor(np.asarray(images))"}, {"lazy"}, "before any is asked for"),
        ({"length": "len(list(self.images))"}, {"lazy"}, "before any is asked for"),
        ({"item": "((self.images.float() / self.scale)[i].reshape(-1), int(self.labels[i]))"}, {"lazy"},
         "other images"),
        ({"item": VECTOR}, {"vectors", "labels", "float32", "range", "lazy"}, "must be a pair"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_costs_its_own_questions(pieces: dict[str, str], failed: set[str], says: str) -> None:
    """One mistake fails the questions that are about it, and the message says which it is."""
    got = judge(student(**pieces))
    assert set(got) == failed
    assert any(says in text for text in got.values())


def test_a_data_set_that_is_no_class_fails() -> None:
    """A name bound to a value is a failed check, not an error of the grader."""
    pupil = Pupil()
    pupil.define("Digits = 5")
    with pytest.raises(CheckFailed, match="not a class"):
        datasets.built(Student(pupil.ask), Student(pupil.ask).Digits, IMAGES, LABELS, 16)


def test_a_vector_that_is_no_tensor_fails_in_each_language() -> None:
    """The French message has no English words."""
    with pytest.raises(CheckFailed) as wrong:
        datasets.require_float32([([1.0, 2.0], 3)])
    assert "is no tensor" in str(wrong.value.text)
    assert "n'est pas un tenseur" in wrong.value.text.said("fr")
    assert "no tensor" not in wrong.value.text.said("fr")
