"""Lines between points of a small grid: exact answers, found in two ways that agree."""

from __future__ import annotations

import torch

from gradjudge.checks.micrograd.separation import drawn_set, perceptron_rounds, separates

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_gates() -> None:
    """XOR and its opposite are not separable, the other gates are."""
    for number in range(16):
        labels = [number >> place & 1 for place in range(4)]
        assert separates(CORNERS, labels) is (number not in (0b0110, 0b1001))


def test_a_point_on_the_line() -> None:
    """Strictly, a point on the line is on neither side; without a gap it may be."""
    row, labels = [(-1, 0), (0, 0), (2, 0)], [0, 1, 0]
    edge, corner = [(-1, -1), (1, 1), (0, 3), (0, 0)], [1, 1, 1, 0]
    assert not separates(row, labels)
    assert not separates(edge, corner)
    assert separates(edge, corner, gap=0)
    assert not separates([(1, 1), (1, 1)], [0, 1])


def test_a_single_class() -> None:
    """Points of one class are separable."""
    assert separates([(1, 2), (0, 0)], [1, 1])


def test_drawn_sets_are_as_requested() -> None:
    """A perceptron converges on separable ones in few rounds; both classes are present."""
    rng = torch.Generator().manual_seed(0)
    for _ in range(100):
        points, labels = drawn_set(rng, separable=True)
        assert perceptron_rounds(points, labels) < 300
        assert set(labels) == {0, 1}
        points, labels = drawn_set(rng, separable=False)
        assert not separates(points, labels)
        assert len(points) == len(set(points)) == len(labels) <= 8
