"""Simulate wrong scalar autograd engines, so that a mistake can be named.

`replay` goes back through a `gradjudge.checks.micrograd.graphs.Graph` as a hand-written engine does: it visits nodes in
some order, and each visit adds (or writes) the node's gradient times its local derivatives to the gradients of its
inputs. Local derivatives come from torch's autograd, one node at a time. `explanation` replays the common mistakes
until one fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import torch

from gradjudge.checks.micrograd.graphs import Graph, GraphValues, Plain, same

Partials = dict[int, tuple[float, ...]]
"""Local derivatives of each inner node, by its place: one for each of its inputs that is a node."""

Order = Callable[[Graph, int], Sequence[int]]
"""Returns the places to visit, in order, from a root."""

Adds = Callable[[str], tuple[bool, bool]]
"""Says for each side of an operation whether its gradient is added to what is there (or overwrites it)."""

MOST_VISITS: Final = 20_000
"""Visits of one replay: an order that follows every path grows exponentially."""


def replay(
    graph: Graph,
    *,
    order: Order | None = None,
    partials: Partials | None = None,
    adds: Adds = lambda _operation: (True, True),
    flipped: bool = False,
    start: float = 1.0,
) -> GraphValues:
    """Return what an engine with these properties computes; by default, the right results.

    Args:
        graph: the expression.
        order: the visits; by default each node once, after all nodes that use it.
        partials: local derivatives.
        adds: see `Adds`.
        flipped: write the right input's gradient before the left one's.
        start: the root's own gradient.

    Raises:
        OverflowError: the order has too many visits.
    """
    local = partials if partials is not None else partials_of(graph)
    leaves, data = len(graph.leaves), [place.item() for place in graph.tensors()]
    grads, after = [0.0] * len(data), []
    for root in graph.ends:
        grads[root] = start
        for place in (order or topological)(graph, root):
            sides = list(enumerate(zip(_inputs(graph, place), local[place], strict=True)))
            for side, (given, partial) in reversed(sides) if flipped else sides:
                keep = adds(graph.nodes[place - leaves].operation)[min(side, 1)]
                grads[given] = (grads[given] if keep else 0.0) + partial * grads[place]
        after.append(tuple(grads[:leaves]))
    return GraphValues(tuple(data[root] for root in graph.ends), tuple(after))


def partials_of(graph: Graph) -> Partials:
    """Differentiate each node with respect to its own inputs."""
    places, found = graph.tensors(), Partials()
    for place in range(len(graph.leaves), len(places)):
        node = graph.nodes[place - len(graph.leaves)]
        values = [given if isinstance(given, Plain) else places[given].item() for given in node.inputs]
        own = Graph(
            tuple(value for value in values if not isinstance(value, Plain)),
            (type(node)(node.operation, _renumbered(values)),),
        )
        found[place] = own.exact().grads[0]
    return found


def _renumbered(values: Sequence[float | Plain]) -> tuple[int | Plain, ...]:
    places = iter(range(len(values)))
    return tuple(value if isinstance(value, Plain) else next(places) for value in values)


def _inputs(graph: Graph, place: int) -> tuple[int, ...]:
    if place < len(graph.leaves):
        return ()
    inputs = graph.nodes[place - len(graph.leaves)].inputs
    return tuple(given for given in inputs if not isinstance(given, Plain))


def _distinct(graph: Graph, place: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_inputs(graph, place)))


# --- orders -----------------------------------------------------------------------------------------------------------


def _inner(graph: Graph, places: Iterator[int]) -> list[int]:
    visits = []
    for place in places:
        if place >= len(graph.leaves):
            visits.append(place)
        if len(visits) > MOST_VISITS:
            raise OverflowError("too many visits")
    return visits


def topological(graph: Graph, root: int) -> list[int]:
    """Visit each node once, after all that use it: places are numbered in that order."""
    reached = {root}
    for place in range(root, -1, -1):
        if place in reached:
            reached.update(_inputs(graph, place))
    return _inner(graph, iter(sorted(reached, reverse=True)))


def _every_path(inputs: Callable[[Graph, int], tuple[int, ...]]) -> Order:
    """Go depth first without a visited set: a node is visited once for each path to it."""

    def order(graph: Graph, root: int) -> list[int]:
        def before(place: int) -> Iterator[int]:
            yield place
            for given in reversed(inputs(graph, place)):
                yield from before(given)

        return _inner(graph, before(root))

    return order


def _recursive(inputs: Callable[[Graph, int], tuple[int, ...]]) -> Order:
    """Let a node pass on its whole gradient each time that it is reached."""

    def order(graph: Graph, root: int) -> list[int]:
        def down(place: int) -> Iterator[int]:
            yield place
            for given in inputs(graph, place):
                yield from down(given)

        return _inner(graph, down(root))

    return order


def _breadth_first(inputs: Callable[[Graph, int], tuple[int, ...]], *, once: bool) -> Order:
    def order(graph: Graph, root: int) -> list[int]:
        def rows() -> Iterator[int]:
            queue, seen = [root], {root}
            for place in queue:
                yield place
                fresh = [given for given in inputs(graph, place) if not (once and given in seen)]
                seen.update(fresh)
                queue += dict.fromkeys(fresh) if once else fresh

        return _inner(graph, rows())

    return order


def _first_come(graph: Graph, root: int) -> list[int]:
    """Go depth first from the root, and visit each node when it is first met."""
    seen: set[int] = set()

    def down(place: int) -> Iterator[int]:
        if place not in seen:
            seen.add(place)
            yield place
            for given in _inputs(graph, place):
                yield from down(given)

    return _inner(graph, down(root))


_TWICE: Final = tuple(
    order
    for inputs in (_inputs, _distinct)
    for order in (_every_path(inputs), _recursive(inputs), _breadth_first(inputs, once=False))
)
_TOO_EARLY: Final = (_first_come, _breadth_first(_inputs, once=True))


# --- names of mistakes ------------------------------------------------------------------------------------------------


def explanation(graph: Graph, found: GraphValues) -> str:
    """Return the common mistake that gives exactly `found`, a key of `engine_mistakes.WORDS`, or ""."""
    return next((name for name, wrong in _mistakes(graph) if same(found, wrong)), "")


def _mistakes(graph: Graph) -> Iterator[tuple[str, GraphValues]]:
    local = partials_of(graph)
    yield "zero", replay(graph, partials=local, start=0.0)
    for name, orders in (("twice", _TWICE), ("early", _TOO_EARLY)):
        for order in orders:
            try:
                yield name, replay(graph, partials=local, order=order)
            except OverflowError:
                continue
    operations = [node.operation for node in graph.nodes]
    for chosen in (set(operations), *({operation} for operation in operations)):
        for flipped in (False, True):
            yield "overwritten", replay(graph, partials=local, adds=_all_but(chosen), flipped=flipped)
    yield "sign", replay(graph, partials=local, start=-1.0)
    yield from _wrong_partials(graph, local)
    yield from _wrong_formulas(graph, local)
    yield "start", _without_upstream(graph, local)


def _all_but(operations: set[str]) -> Adds:
    return lambda operation: (operation not in operations, operation not in operations)


def _wrong_partials(graph: Graph, local: Partials) -> Iterator[tuple[str, GraphValues]]:
    """Change the local derivatives of one operation in the common ways."""
    changes: tuple[tuple[str, Callable[[tuple[float, ...]], tuple[float, ...]]], ...] = (
        ("one_sign", lambda parts: (*parts[:1], *(-part for part in parts[1:]))),
        ("one", lambda parts: (1.0,) * len(parts)),
        ("nothing", lambda parts: (0.0,) * len(parts)),
        ("sign", lambda parts: tuple(-part for part in parts)),
        ("half", lambda parts: (*parts[:1], *(0.0 for _ in parts[1:]))),
        ("half", lambda parts: (*(0.0 for _ in parts[:1]), *parts[1:])),
        ("swapped", lambda parts: parts[::-1]),
    )
    for operation in dict.fromkeys(node.operation for node in graph.nodes):
        for name, change in changes:
            changed = {
                place: change(parts) if graph.nodes[place - len(graph.leaves)].operation == operation else parts
                for place, parts in local.items()
            }
            yield name, replay(graph, partials=changed)


def _wrong_formulas(graph: Graph, local: Partials) -> Iterator[tuple[str, GraphValues]]:
    """Replace the local derivatives of one operation by those of a common mistake about it."""
    data = [place.item() for place in graph.tensors()]
    for name, operation, change in _FORMULAS:
        changed = dict(local)
        for place, node in enumerate(graph.nodes, len(graph.leaves)):
            if node.operation == operation:
                values = (given.number if isinstance(given, Plain) else data[given] for given in node.inputs)
                parts = zip(change(*values), node.inputs, strict=True)
                changed[place] = tuple(part for part, given in parts if not isinstance(given, Plain))
        yield name, replay(graph, partials=changed)


# mistake, operation, and the wrong local derivatives as functions of its inputs
_FORMULAS: Final[tuple[tuple[str, str, Callable[..., tuple[float, ...]]], ...]] = (
    ("power", "**", lambda x, k: (x ** (k - 1), 0.0)),
    ("power", "**", lambda x, k: (k * x**k, 0.0)),
    ("power", "**", lambda x, k: (k * x, 0.0)),
    ("divisor", "/", lambda x, y: (1 / y, -x / y)),
    ("at_input", "exp", lambda x: (x,)),
    ("at_input", "tanh", lambda x: (1 - x**2,)),
)


def _without_upstream(graph: Graph, local: Partials) -> GraphValues:
    """Add up local derivatives alone, without multiplying by the upstream gradient."""
    leaves = len(graph.leaves)
    grads, after = [0.0] * leaves, []
    for root in graph.ends:
        for place in topological(graph, root):
            for given, partial in zip(_inputs(graph, place), local[place], strict=True):
                if given < leaves:
                    grads[given] += partial
        after.append(tuple(grads))
    return GraphValues(tuple(place.item() for place in torch.stack(graph.tensors())[list(graph.ends)]), tuple(after))
