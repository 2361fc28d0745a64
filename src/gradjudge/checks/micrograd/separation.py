"""Exact linear separability of two classes of points on a small grid, and random sets of points."""

from __future__ import annotations

from collections.abc import Sequence

import torch

Point = tuple[int, int]
"""Integer coordinates within [-3, 3]."""


def separates(points: Sequence[Point], labels: Sequence[int], *, gap: int = 1) -> bool:
    """Return whether a line separates points of two classes, exactly; coordinates are integers within [-3, 3].

    With ``gap=0`` points may lie on the line.

    If a line exists, so does one of largest margin whose normal is the difference of two points, or perpendicular to
    one. Both have integer coordinates within [-6, 6].
    """
    classes = [[point for point, label in zip(points, labels, strict=True) if label == one] for one in (0, 1)]
    if not all(classes):
        return True
    normals = [(a, b) for a in range(-6, 7) for b in range(-6, 7) if a or b]
    return any(
        max(a * x + b * y for x, y in classes[0]) + gap <= min(a * x + b * y for x, y in classes[1]) for a, b in normals
    )


def drawn_set(rng: torch.Generator, *, separable: bool) -> tuple[list[Point], list[int]]:
    """Draw four to eight points of two classes, where it makes no difference whether a point may lie on the line."""
    while True:
        count = int(torch.randint(4, 9, (), generator=rng))
        points = [(place // 7 - 3, place % 7 - 3) for place in torch.randperm(49, generator=rng)[:count].tolist()]
        a, b, c = torch.randint(-3, 4, (3,), generator=rng).tolist()
        labels = [int(a * x + b * y > c) for x, y in points]
        if not separable:
            flipped = int(torch.randint(0, count, (), generator=rng))
            labels[flipped] = 1 - labels[flipped]
        strict, loose = separates(points, labels), separates(points, labels, gap=0)
        if len(set(labels)) == 2 and strict == loose == separable:
            return points, labels


def perceptron_rounds(points: Sequence[Point], labels: Sequence[int]) -> int:
    """Count the rounds that a perceptron needs on a separable set."""
    a, b, c, rounds, corrected = 0, 0, 0, 0, True
    while corrected:
        rounds, corrected = rounds + 1, False
        for (x, y), label in zip(points, labels, strict=True):
            sign = 2 * label - 1
            if sign * (a * x + b * y + c) <= 0:
                a, b, c, corrected = a + sign * x, b + sign * y, c + sign, True
    return rounds
