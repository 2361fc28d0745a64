"""Expression graphs of scalar nodes, with their right values and gradients: torch computes them in float64.

A `Graph` is leaves and operations: `gradjudge.checks.micrograd.scalars` builds it with a student's class of scalar
nodes (``Value``), this side with tensors. `gradjudge.checks.micrograd.draws` draws some;
`gradjudge.checks.micrograd.engines` simulates wrong engines.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

RELATIVE: Final = 1e-6
"""Largest allowed error, relative to the larger of the expected magnitude and 1; see `gradjudge.checks.tolerance`."""

OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "neg": operator.neg,
    "exp": lambda x: x.exp(),
    "tanh": lambda x: x.tanh(),
    "relu": lambda x: x.relu(),
    "sum": lambda *terms: sum(terms),
}
"""Operations of a node: Python's own operators, methods of the class, and ``sum``, which starts from the number 0."""


class Plain(msgspec.Struct, frozen=True):
    """A number that is used in an expression directly, not as a node: the 2 of ``2 - x``."""

    number: float


class Node(msgspec.Struct, frozen=True):
    """One operation.

    Attributes:
        operation: one of `OPERATIONS`.
        inputs: places of leaves and of earlier nodes (leaves come first), or plain numbers.
    """

    operation: str
    inputs: tuple[int | Plain, ...]


class GraphValues(msgspec.Struct, frozen=True):
    """What an engine computed for a graph.

    Attributes:
        data: of each root.
        grads: of each leaf, after the ``backward()`` of each root in turn: ``grads[root][leaf]``.
    """

    data: tuple[float, ...]
    grads: tuple[tuple[float, ...], ...]


class Graph(msgspec.Struct, frozen=True):
    """An expression, or several that share leaves.

    Attributes:
        leaves: their numbers.
        nodes: in an order in which they can be computed.
        roots: places of the nodes whose ``backward()`` is called, in turn; empty for the last node alone. Two roots
            share no inner node: the effect of a second ``backward()`` on one is undefined.
    """

    leaves: tuple[float, ...]
    nodes: tuple[Node, ...]
    roots: tuple[int, ...] = ()

    @property
    def ends(self) -> tuple[int, ...]:
        """Places of the roots."""
        return self.roots or (len(self.leaves) + len(self.nodes) - 1,)

    def doubled(self) -> Graph:
        """Repeat the expression over the same leaves as another root: gradients add up over both."""
        count, shift = len(self.leaves), len(self.nodes)
        copies = tuple(
            Node(
                node.operation,
                tuple(given + shift if isinstance(given, int) and given >= count else given for given in node.inputs),
            )
            for node in self.nodes
        )
        return Graph(self.leaves, (*self.nodes, *copies), (*self.ends, *(end + shift for end in self.ends)))

    def times(self, leaf: float) -> Graph:
        """Multiply an expression with one root by one more leaf: the gradient that it receives is no longer 1."""
        count = len(self.leaves)
        moved = tuple(
            Node(
                node.operation,
                tuple(given + 1 if isinstance(given, int) and given >= count else given for given in node.inputs),
            )
            for node in self.nodes
        )
        return Graph((*self.leaves, leaf), (*moved, Node("*", (count + len(moved), count))))

    def build(self, leaves: Sequence[Any]) -> list[Any]:
        """Compute all places from leaves of any type: tensors, steps of a recipe."""
        places = list(leaves)
        for node in self.nodes:
            inputs = (given.number if isinstance(given, Plain) else places[given] for given in node.inputs)
            places.append(OPERATIONS[node.operation](*inputs))
        return places

    def tensors(self) -> list[Tensor]:
        """Compute all places with float64 tensors that require grad."""
        return self.build([torch.tensor(leaf, dtype=torch.float64, requires_grad=True) for leaf in self.leaves])

    def exact(self) -> GraphValues:
        """Return the right results, by torch's autograd in float64."""
        places = self.tensors()
        leaves, totals, after = places[: len(self.leaves)], [0.0] * len(self.leaves), []
        for root in self.ends:
            parts = torch.autograd.grad(places[root], leaves, allow_unused=True)
            totals = [total + (0.0 if part is None else part.item()) for total, part in zip(totals, parts, strict=True)]
            after.append(tuple(totals))
        return GraphValues(tuple(places[root].item() for root in self.ends), tuple(after))


def near(got: float, expected: float) -> bool:
    """Return whether a number is close to the expected one; NaN and infinity are not."""
    return abs(got - expected) <= RELATIVE * max(1.0, abs(expected))


def same(found: GraphValues, due: GraphValues) -> bool:
    """Return whether all numbers of two results agree."""
    pairs = [(found.data, due.data), *zip(found.grads, due.grads, strict=True)]
    return all(near(got, right) for gots, rights in pairs for got, right in zip(gots, rights, strict=True))
