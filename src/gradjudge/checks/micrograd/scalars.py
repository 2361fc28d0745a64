"""Judge a student's class of scalar nodes (``Value``) on expression graphs.

The session builds a `gradjudge.checks.micrograd.graphs.Graph` with the student's class in one trip, calls
``backward()``, and returns numbers. The class needs ``NAME(number)`` with ``data``, ``grad``, operators, methods and
``backward()``; how it stores its graph is its own business.

One mistake is paid for once. `ScalarClass.sound` returns the operations that are right where nothing is used twice:
graphs of those judge the rest. An operation that is made of others may be wrong along with them (`require_graph`,
``also``), unless most operations are wrong: a class that sends nothing back gives 0 whatever an expression is made of.
A class whose gradients overwrite one another can still go back in the right order (`ScalarClass.accumulates`,
`gradjudge.checks.micrograd.engines.replay`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gradjudge.checks.comparison import number_in
from gradjudge.checks.micrograd.engine_mistakes import LOCAL, WORDS
from gradjudge.checks.micrograd.engines import explanation, replay
from gradjudge.checks.micrograd.graphs import OPERATIONS, Graph, GraphValues, Node, Plain, near, same
from gradjudge.checks.recipes import Recipe, RecipeStep
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail
from gradjudge.judge.proxy.student import Student

CHAIN_START: Final = 0.75
CHAIN_STEPS: Final = {"+": 0.125, "*": 1.0 + 2.0**-20}
"""What each node of a long chain adds or multiplies by; no two nodes have equal values."""

CHAIN_PIECE: Final = 2500
"""Nodes of a long chain per recipe; see `gradjudge.checks.recipes.MOST_STEPS`."""

BASIC: Final = (
    Graph((1.3, -0.7), (Node("+", (0, 1)),)),
    Graph((1.3, -0.7), (Node("*", (0, 1)),)),
    Graph((1.3,), (Node("**", (0, Plain(3))),)),
    Graph((0.6,), (Node("exp", (0,)),)),
)
"""Operations that are not made of others, each on its own."""

NAMES: Final = ("backward", "backprop", "backpropagate", "backward_pass", "back_propagate", "compute_gradients")
"""Names that students give to ``backward``."""


class Start(msgspec.Struct, frozen=True):
    """How a class starts its backward pass.

    Attributes:
        name: of the method.
        seed: what it sets the root's own gradient to; 0 if it leaves that as it is.
    """

    name: str = "backward"
    seed: float = 1.0


class ScalarClass:
    """A student's class of scalar nodes, asked in one trip per graph.

    Args:
        student: whose class it is.
        name: its global name.
    """

    def __init__(self, student: Student, name: str = "Value") -> None:
        self._student = student
        self._class = getattr(student, name)
        self._start: Start | None = None
        self._sides: dict[str, tuple[bool, bool]] = {}
        self._by_value: bool | None = None
        self._excuses: bool | None = None

    def run(self, graph: Graph, label: str) -> GraphValues:
        """Build a graph, call ``backward()`` of each root in turn, and return the numbers.

        Mistakes about the start have checks of their own and are made up for here. If ``backward()`` leaves the root's
        own gradient as it is, that is set to 1 before; if it sets another number than 1, gradients are divided by that.
        If the method has another of the `NAMES`, that one is called.

        Args:
            graph: the expression.
            label: what the student reads if it raises.

        Raises:
            StudentRaised: the student's class raised.
            CheckFailed: something that should be a number is not.
        """
        recipe = Recipe(self._student, label=label)
        make = recipe.of(self._class)
        leaves = [make(leaf) for leaf in graph.leaves]
        places = graph.build(leaves)
        wanted = [places[root].data for root in graph.ends]
        for root in graph.ends:
            self._record_backward(recipe, places[root])
            wanted += [leaf.grad for leaf in leaves]
        numbers = [as_number(value, label) for value in recipe.run(*wanted)]
        data, count = numbers[: len(graph.ends)], len(leaves)
        grads = [self._unscaled(number) for number in numbers[len(graph.ends) :]]
        after = tuple(tuple(grads[start : start + count]) for start in range(0, len(grads), count))
        return GraphValues(tuple(data), after)

    def run_chain(self, operation: str, count: int, label: str) -> tuple[float, float]:
        """Build a chain of `count` nodes over one leaf; return the value at its end and the leaf's gradient.

        Raises:
            StudentRaised: the student's class raised.
            CheckFailed: something that should be a number is not.
        """
        combine = OPERATIONS[operation]
        recipe = Recipe(self._student, label=label)
        make = recipe.of(self._class)
        leaf, step = recipe.run(make(CHAIN_START), make(CHAIN_STEPS[operation]))
        end = leaf
        for done in range(0, count, CHAIN_PIECE):
            recipe = Recipe(self._student, label=label)
            node, other = recipe.of(end), recipe.of(step)
            for _ in range(min(CHAIN_PIECE, count - done)):
                node = combine(node, other)
            (end,) = recipe.run(node)
        recipe = Recipe(self._student, label=label)
        root = recipe.of(end)
        self._record_backward(recipe, root)
        data, grad = recipe.run(root.data, recipe.of(leaf).grad)
        return as_number(data, label), self._unscaled(as_number(grad, label))

    def forward(self, graph: Graph, label: str) -> tuple[float, ...]:
        """Build a graph and return the ``data`` of its roots; ``backward()`` is not called.

        Raises:
            StudentRaised: the student's class raised.
            CheckFailed: ``data`` is not a number.
        """
        recipe = Recipe(self._student, label=label)
        make = recipe.of(self._class)
        places = graph.build([make(leaf) for leaf in graph.leaves])
        return tuple(as_number(value, label) for value in recipe.run(*(places[root].data for root in graph.ends)))

    def _record_backward(self, recipe: Recipe, root: RecipeStep) -> None:
        """Record the ``backward()`` of a root; see `run`."""
        if self._start is None:
            self._start = next((start for name in NAMES if (start := self._try_start(name)) is not None), Start())
        if self._start.seed == 0.0:
            recipe.set(root, "grad", 1.0)
        getattr(root, self._start.name)()

    def _unscaled(self, grad: float) -> float:
        return grad / self._start.seed if self._start is not None and self._start.seed else grad

    def _try_start(self, name: str) -> Start | None:
        """Call this method of a single value; None if it raises."""
        recipe = Recipe(self._student, label=name)
        root = recipe.of(self._class)(2.0)
        getattr(root, name)()
        try:
            (grad,) = recipe.run(root.grad)
            seed = as_number(grad, name)
        except CheckFailed:
            return None
        return Start(name, seed if math.isfinite(seed) else 0.0)

    def sound(self, operations: Sequence[str], depth: int = 2) -> tuple[str, ...]:
        """Return the binary `operations` that are right, forward and backward, where each leaf is used once.

        What is wrong there has been paid for; graphs of the others judge the rest.

        Args:
            operations: the candidates.
            depth: 1: on two leaves; 2: nested as well.
        """
        return tuple(operation for operation in operations if self._is_sound(operation, depth))

    def _is_sound(self, operation: str, depth: int) -> bool:
        inner, leaves = Node(operation, (0, 1)), (1.3, -0.7, 0.6)
        graphs = [Graph(leaves[:2], (inner,))]
        if depth > 1:
            graphs = [Graph(leaves, (inner, Node(operation, pair))) for pair in ((3, 2), (2, 3))]
        return all(self._is_right(graph) for graph in graphs)

    def excuses(self) -> bool:
        """Return whether an operation may be wrong along with those that it is made of (`require_graph`, ``also``).

        Not if most of the `BASIC` operations that the class has are wrong on their own: such a class gives the same
        wrong number however an expression is written.
        """
        if self._excuses is None:
            verdicts = [verdict for graph in BASIC if (verdict := self._is_right(graph)) is not None]
            self._excuses = 2 * sum(verdicts) >= len(verdicts)
        return self._excuses

    def _is_right(self, graph: Graph) -> bool | None:
        """Return whether a graph is right; None if it raises."""
        try:
            return same(self.run(graph, "backward"), graph.exact())
        except CheckFailed:
            return None

    def keeps_inputs(self, graph: Graph) -> bool:
        """Return whether building a graph leaves the ``data`` of its leaves unchanged."""
        recipe = Recipe(self._student, label="data")
        make = recipe.of(self._class)
        leaves = [make(leaf) for leaf in graph.leaves]
        graph.build(leaves)
        numbers = [as_number(value, "data") for value in recipe.run(*(leaf.data for leaf in leaves))]
        return all(near(got, due) for got, due in zip(numbers, graph.leaves, strict=True))

    def accumulates(self, operation: str) -> tuple[bool, bool]:
        """Return, per side of a binary operation, whether its gradient is added to what is there or overwrites it."""
        if operation not in self._sides:
            first, second = Node(operation, (0, 1)), Node(operation, (0, 2))
            left = Graph((1.3, -0.7, 0.6), (first, second), (3, 4))
            flipped = tuple(Node(operation, (node.inputs[1], node.inputs[0])) for node in (first, second))
            right = Graph(left.leaves, flipped, left.roots)
            self._sides[operation] = (self._adds(left), self._adds(right))
        return self._sides[operation]

    def takes_equal_for_same(self) -> bool:
        """Return whether nodes of equal value are taken for one: a tree is right only if its numbers differ."""
        if self._by_value is None:
            trees = [(Node(sign, (0, 1)), Node(sign, (2, 3)), Node(sign, (4, 5))) for sign in ("+", "*")]
            self._by_value = any(
                self._is_right(Graph((1.3, -0.7, 0.6, 0.9), nodes))
                and not self._is_right(Graph((1.3, -0.7, 1.3, -0.7), nodes))
                for nodes in trees
            )
        return self._by_value

    def _adds(self, graph: Graph) -> bool:
        found, due = self.run(graph, "backward"), graph.exact()
        return near(found.grads[1][0], due.grads[1][0])


def require_graph(
    scalars: ScalarClass,
    graph: Graph,
    label: str,
    *,
    also: Sequence[Graph] = (),
    accept: Callable[[GraphValues], bool] | None = None,
) -> None:
    """Require a graph to give the right values and gradients.

    Args:
        scalars: the student's class.
        graph: what is judged.
        label: the expression as the statement writes it; hidden graphs get a name instead.
        also: the same expression written with other operations of the class; further leaves come last. An operation
            that gives exactly what one of these gives is right: if both are wrong, the mistake is in what it is made
            of, and is paid for there. They are tried only if `graph` is wrong and `ScalarClass.excuses` allows it.
        accept: other results that count as right, because the mistake behind them was paid for elsewhere.

    Raises:
        CheckFailed: it is wrong, or raised.
    """
    found, due = scalars.run(graph, label), graph.exact()
    if same(found, due) or (accept is not None and accept(found)):
        return
    if also and scalars.excuses() and any(_gives(scalars, other, found) for other in also):
        return
    detail = f"{graph}: got {found}, expected {due}"
    wrong = [not near(got, right) for got, right in zip(found.data, due.data, strict=True)]
    if any(wrong):
        fail(Text("`{label}`: the value (data) is wrong.", label=label), detail=detail)
    # Two mistakes can give the same numbers: overwriting, which the class itself shows, goes first.
    named = "overwritten" if _overwrites(scalars, graph) else _confirmed(scalars, graph, found)
    if _has_equal_nodes(graph) and scalars.takes_equal_for_same():
        named = "by_value"
    elif not scalars.keeps_inputs(graph):
        named = "inputs"
    elif named in LOCAL and _lone_nodes_are_right(scalars, graph):
        # A node that is visited too early, or not at all, sends 0 back in either case.
        named = "unreached" if same(found, replay(graph, order=lambda _graph, root: [root])) else ""
    if not named:
        fail(Text("`{label}`: the value is right, but a gradient is wrong.", label=label), detail=detail)
    why = WORDS[named]
    fail(
        Text(
            "`{label}`: the value is right, but a gradient is wrong. {why}", label=label, why=why, mistake=why.mistake
        ),
        detail=detail,
    )


def _confirmed(scalars: ScalarClass, graph: Graph, found: GraphValues) -> str:
    """Return the mistake that explains `found`, if it also explains the results for larger numbers."""
    named = explanation(graph, found)
    is_relu = any(node.operation == "relu" for node in graph.nodes)
    moved = Graph(tuple((10.0 if is_relu else 3.0) * leaf for leaf in graph.leaves), graph.nodes, graph.roots)
    due = moved.exact()
    if not named or not all(math.isfinite(number) for numbers in (due.data, *due.grads) for number in numbers):
        return named
    try:
        again = scalars.run(moved, "backward")
    except CheckFailed:
        return named
    if same(again, due):
        return "threshold" if is_relu else ""
    return named if named == explanation(moved, again) else ""


def _has_equal_nodes(graph: Graph) -> bool:
    values = [place.item() for place in graph.tensors()]
    return len(set(values)) < len(values)


def _lone_nodes_are_right(scalars: ScalarClass, graph: Graph) -> bool:
    """Return whether all operations of the graph are binary and right on their own."""
    operations = sorted({node.operation for node in graph.nodes})
    return set(operations) <= {"+", "-", "*", "/"} and len(scalars.sound(operations, 1)) == len(operations)


def _overwrites(scalars: ScalarClass, graph: Graph) -> bool:
    """Return whether an operation that is right without reuse overwrites the gradients of what the graph uses twice."""
    used = [given for node in graph.nodes for given in node.inputs if isinstance(given, int)]
    if len(set(used)) == len(used):
        return False
    binary = {node.operation for node in graph.nodes} & {"+", "-", "*", "/"}
    return any(not all(scalars.accumulates(operation)) for operation in scalars.sound(sorted(binary), 1))


def _gives(scalars: ScalarClass, graph: Graph, found: GraphValues) -> bool:
    try:
        given = scalars.run(graph, "backward")
    except CheckFailed:
        return False
    leaves = len(found.grads[0])
    return same(GraphValues(given.data, tuple(grads[:leaves] for grads in given.grads)), found)


def require_long_chain(scalars: ScalarClass, operation: str, count: int = 10_000) -> None:
    """Require a chain of `count` nodes to go back to its first leaf, in a few trips.

    Args:
        scalars: the student's class.
        operation: ``"+"`` or ``"*"``; each node is the one before it plus (times) a leaf, see `CHAIN_STEPS`.
        count: number of nodes.

    Raises:
        CheckFailed: the value or the gradient is wrong, or something raised; a RecursionError has its own message.
    """
    label = f"{count} × {operation}"
    try:
        data, grad = scalars.run_chain(operation, count, label)
    except StudentRaised as error:
        if error.kind != "RecursionError":
            raise
        fail(
            Text(
                "A chain of {count} nodes ends in RecursionError: go through the graph with a list of nodes still to be"
                " visited instead of a function that calls itself.",
                count=count,
                mistake="recursion",
            ),
            detail=error.detail,
        )
    step = CHAIN_STEPS[operation]
    due = (CHAIN_START + count * step, 1.0) if operation == "+" else (CHAIN_START * step**count, step**count)
    if not (near(data, due[0]) and near(grad, due[1])):
        fail(
            Text("A chain of {count} nodes does not give the right value and gradient.", count=count),
            detail=f"data {data}, grad {grad}; expected {due}",
        )


def as_number(value: object, label: str) -> float:
    """Return a Python number, or the entry of a one-element tensor, as a float.

    Raises:
        CheckFailed: it is something else.
    """
    if (number := number_in(value)) is not None:
        return float(number)
    return fail(Text("`{label}`: data and grad must be numbers.", label=label), detail=f"got {value!r}")
