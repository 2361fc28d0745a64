"""Random expression graphs: trees, shared sub-expressions, chains with a single backward order.

All values lie between 0.05 and 3 in magnitude and all gradients between 0.05 and 50, so that nothing overflows, no
derivative is lost in rounding, and no leaf's gradient cancels by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from gradjudge.checks.micrograd.graphs import Graph, Node

_TRIES = 2000


def _drawn(rng: torch.Generator, count: int) -> tuple[float, ...]:
    # One magnitude from each of `count` equal intervals, at least 0.2 intervals apart: no two leaves cancel in a sum.
    places = torch.randperm(count, generator=rng) + 0.1 + 0.8 * torch.rand(count, generator=rng, dtype=torch.float64)
    magnitudes = 0.4 + 1.1 * places / count
    signs = 1.0 - 2.0 * torch.randint(0, 2, (count,), generator=rng)
    return tuple(round(value, 3) for value in (magnitudes * signs).tolist())


def _pick(rng: torch.Generator, end: int) -> int:
    return int(torch.randint(0, end, (), generator=rng))


def _kept(draw: Callable[[], Graph]) -> Graph:
    """Draw until all numbers are in range.

    Raises:
        RuntimeError: they never are: the requested shape does not allow it.
    """
    for _ in range(_TRIES):
        graph = draw()
        values = [place.item() for place in graph.tensors()]
        grads = graph.exact().grads[-1]
        if all(0.05 <= abs(value) <= 3 for value in values) and all(0.05 <= abs(grad) <= 50 for grad in grads):
            return graph
    raise RuntimeError("no such graph has plain numbers")


def leaves(rng: torch.Generator, count: int) -> tuple[float, ...]:
    """Draw distinct numbers of random sign between 0.4 and 1.5 in magnitude, rounded to three decimals."""
    return _drawn(rng, count)


def tree(rng: torch.Generator, operations: Sequence[str], count: int = 6) -> Graph:
    """Draw an expression in which each leaf and each node is used exactly once.

    Args:
        rng: source of the numbers.
        operations: binary ones, used in turn.
        count: number of leaves.
    """

    def draw() -> Graph:
        free, nodes = list(range(count)), list[Node]()
        while len(free) > 1:
            left, right = free.pop(_pick(rng, len(free))), free.pop(_pick(rng, len(free)))
            nodes.append(Node(operations[len(nodes) % len(operations)], (left, right)))
            free.append(count + len(nodes) - 1)
        return Graph(_drawn(rng, count), tuple(nodes))

    return _kept(draw)


def chain(rng: torch.Generator, operations: Sequence[str], count: int = 2, length: int = 6) -> Graph:
    """Draw an expression whose inner nodes have a single backward order; nodes and leaves are used many times.

    Each node uses the one before it and an earlier node or leaf, and the last one uses the first. Another order, or a
    second visit of a node, gives another gradient.
    """

    def draw() -> Graph:
        nodes = [Node(operations[0], (0, 1 % count))]
        for number in range(1, length):
            newest = count + number - 1
            earlier = count if number == length - 1 else _pick(rng, newest)
            pair = (newest, earlier) if _pick(rng, 2) else (earlier, newest)
            nodes.append(Node(operations[_pick(rng, len(operations))], pair))
        return Graph(_drawn(rng, count), tuple(nodes))

    return _kept(draw)


def mixed(rng: torch.Generator, operations: Sequence[str], count: int = 3, length: int = 8) -> Graph:
    """Draw an expression with shared sub-expressions, in which every node leads to the root.

    Unlike in `chain`, several orders are right.
    """

    def draw() -> Graph:
        unused, nodes = list(range(count)), list[Node]()
        for _ in range(length):
            newest = count + len(nodes)
            left = unused.pop(_pick(rng, len(unused))) if unused else _pick(rng, newest)
            nodes.append(Node(operations[_pick(rng, len(operations))], (left, _pick(rng, newest))))
            unused.append(newest)
        while len(unused) > 1:
            nodes.append(Node("+" if "+" in operations else operations[0], (unused.pop(0), unused.pop(0))))
            unused.append(count + len(nodes) - 1)
        return Graph(_drawn(rng, count), tuple(nodes))

    return _kept(draw)
