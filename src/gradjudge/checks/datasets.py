"""Judge a lazy data set: ``DATASET(images, labels, scale)``, ``len(dataset)``, ``dataset[i]``.

An item is ``(vector, label)``. Each property has its own function, so that one mistake, such as a missing
normalisation, costs one check.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, flaw_in, integer_in
from gradjudge.checks.instruments import define, make
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.verdict import StudentRaised, Text, fail, require
from gradjudge.judge.proxy.objects import CallableProxy, ObjectProxy, label_of
from gradjudge.judge.proxy.student import Student

_SESSION = Path(__file__).with_name("datasets_session.py").read_text(encoding="utf-8")
_FLOAT32 = tolerance("cpu", torch.float32)


def built(student: Student, dataset: Any, images: Any, labels: Tensor, scale: float) -> Any:
    """Construct ``dataset(images, labels, scale)`` in the session.

    Args:
        dataset: the proxy ``student.NAME``.
        images: a tensor (rows, height, width), or a proxy of something that behaves like one.
        labels: integers, (rows,).
        scale: the largest possible pixel value.

    Raises:
        StudentRaised: the constructor raised.
        CheckFailed: `dataset` cannot be called.
    """
    label = label_of(dataset)
    require(isinstance(dataset, CallableProxy), Text("`{label}` is not a class.", label=label))
    recipe = Recipe(student, label=label)
    source = recipe.of(images) if isinstance(images, ObjectProxy) else images
    (made,) = recipe.run(recipe.of(dataset)(source, labels, scale))
    return made


def require_length(student: Student, dataset: Any, rows: int) -> None:
    """Require ``len(dataset)`` to be the number of images.

    Raises:
        CheckFailed: it is not.
    """
    recipe = Recipe(student, label="len(dataset)")
    (length,) = recipe.run(recipe.make("builtins:len", recipe.of(dataset)))
    require(
        length == rows,
        Text("len(dataset) is not the number of images."),
        detail=f"got {length!r}, expected {rows}",
    )


def items_of(student: Student, dataset: Any, rows: Sequence[int]) -> list[tuple[object, object]]:
    """Return ``dataset[i]`` for each i in `rows`, as ``(vector, label)``.

    Raises:
        StudentRaised: reading an item raised.
        CheckFailed: an item is not a pair.
    """
    recipe = Recipe(student, label="dataset[i]")
    held = recipe.of(dataset)
    pairs: list[tuple[object, object]] = []
    for item in recipe.run(*(held[row] for row in rows)):
        require(
            isinstance(item, tuple | list) and len(item) == 2,
            Text("dataset[i] must be a pair: the vector and the label."),
        )
        pairs.append((item[0], item[1]))
    return pairs


def require_vectors(items: Sequence[tuple[object, object]], images: Tensor) -> None:
    """Require each vector to be its image in row-major order, up to a constant factor.

    Args:
        images: (items, height, width), the images of these items; none is all zeros.

    Raises:
        CheckFailed: a vector has another shape, or is that of another image or order.
    """
    pixels = images.shape[1:].numel()
    for (vector, _), image in zip(items, images, strict=True):
        wanted = image.reshape(-1).double()
        if not isinstance(vector, Tensor) or vector.shape != (pixels,):
            due = Due(wanted, Text("[{pixels}]: one row of numbers", pixels=pixels))
            flaw = flaw_in(vector, due, _FLOAT32)
            assert flaw is not None
            fail(Text("The vector of dataset[i] {flaw}.", flaw=flaw.text))
        got = vector.double()
        if _same(got / got.abs().max(), wanted / wanted.max()):
            continue
        transposed = image.T.reshape(-1).double()
        if _same(got / got.abs().max(), transposed / transposed.max()):
            fail(
                Text(
                    "The vector of dataset[i] reads the image column by column; read it row by row: reshape(-1).",
                    mistake="by columns",
                ),
            )
        fail(Text("The vector of dataset[i] is not image i, read row by row and divided by one number."))


def require_labels(items: Sequence[tuple[object, object]], labels: Tensor) -> None:
    """Require the label of each item: an int, or a one-element tensor.

    Raises:
        CheckFailed: a label is wrong or not an integer.
    """
    for (_, label), right in zip(items, labels.tolist(), strict=True):
        require(integer_in(label) == right, Text("The label of dataset[i] is not labels[i], as an integer."))


def require_float32(items: Sequence[tuple[object, object]]) -> None:
    """Require float32 vectors, whatever the dtype of the images.

    Raises:
        CheckFailed: one has another type.
    """
    for vector, _ in items:
        if not isinstance(vector, Tensor):
            fail(
                Text(
                    "The vector of dataset[i] is no tensor; a float32 tensor is due, whatever the type of the images.",
                    mistake="dtype",
                ),
            )
        dtype = str(vector.dtype).removeprefix("torch.")
        require(
            dtype == "float32",
            Text(
                "The vector of dataset[i] is {dtype}; float32 is expected, whatever the type of the images.",
                dtype=dtype,
                mistake="dtype",
            ),
        )


def require_unit_range(items: Sequence[tuple[object, object]], images: Tensor, scale: float) -> None:
    """Require the vectors to be divided by `scale`, so that they lie in [0, 1].

    Raises:
        CheckFailed: they are not; the message names the usual mistakes.
    """
    for (vector, _), image in zip(items, images, strict=True):
        require(
            isinstance(vector, Tensor) and vector.numel() == image.numel(),
            Text("dataset[i] has no vector of the size of the image."),
        )
        assert isinstance(vector, Tensor)
        got, raw = vector.double().reshape(-1).sort().values, image.double().reshape(-1).sort().values
        if _same(got, raw / scale):
            continue
        if _same(got, raw):
            fail(Text("The vector of dataset[i] is not normalised: divide it by scale.", mistake="not normalised"))
        if _same(got, raw / raw.max()):
            fail(
                Text(
                    "The vector of dataset[i] is divided by the largest number of its own image; divide it by scale.",
                    mistake="own maximum",
                ),
            )
        fail(Text("The vector of dataset[i] is not the image divided by the scale that was given."))


def require_lazy(student: Student, dataset: Any, images: Tensor, labels: Tensor, scale: float) -> None:
    """Require images to be read on demand only: none by the constructor or ``len``, one by ``dataset[i]``.

    The images are a `gradjudge.checks.datasets_session.Rows`, which records what is read.

    Raises:
        StudentRaised: the constructor or ``dataset[i]`` raised.
        CheckFailed: images were read too early, or others than the one asked for.
    """
    (kind,) = define(student, _SESSION, "Rows")
    rows = make(student, kind, images)
    try:
        held = built(student, dataset, rows, labels, scale)
    except StudentRaised:
        _require_unread(rows.seen())
        raise
    require_length(student, held, len(images))
    _require_unread(rows.seen())
    for asked in (3, 0, 3):
        items_of(student, held, [asked])
        read = rows.seen()
        require(
            read == [asked],
            Text("dataset[i] reads no image: read images[i] in __getitem__, and nothing else.", mistake="not lazy")
            if read == []
            else Text(
                "dataset[i] reads other images than image i: read images[i] in __getitem__, and nothing else.",
                mistake="not lazy",
            ),
            detail=f"asked for {asked}, read {read!r}"[:500],
        )


def _require_unread(read: object) -> None:
    require(
        read == [],
        Text(
            "Images are read before any is asked for: keep `images` as it is in __init__, and read images[i] in "
            "__getitem__.",
            mistake="not lazy",
        ),
        detail=f"read {read!r}"[:500],
    )


def _same(got: Tensor, wanted: Tensor) -> bool:
    return bool((got - wanted).abs().max() <= _FLOAT32.relative * wanted.abs().max().clamp_min(1e-12))
