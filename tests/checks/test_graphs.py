"""Expression graphs know their right results; wrong engines are simulated, so that mistakes can be named."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from gradjudge.checks.micrograd import draws
from gradjudge.checks.micrograd.engine_mistakes import WORDS
from gradjudge.checks.micrograd.engines import explanation, partials_of, replay, topological
from gradjudge.checks.micrograd.graphs import OPERATIONS, Graph, GraphValues, Node, Plain, near, same

# s = a*a + a, e = s*(a*a) + s
EXAMPLE = Graph((2.0,), (Node("*", (0, 0)), Node("+", (1, 0)), Node("*", (2, 1)), Node("+", (3, 2))))


def test_the_example_by_hand() -> None:
    """e = a^4 + a^3 + a^2 + a at 2 is 30, and its derivative 4*8 + 3*4 + 2*2 + 1 is 49."""
    assert EXAMPLE.exact() == GraphValues((30.0,), ((49.0,),))


def test_two_roots_add_up() -> None:
    """p = x*x and q = x+x share x: 2x, then 2x + 2; an unused leaf has the gradient 0."""
    graph = Graph((2.0, 5.0), (Node("*", (0, 0)), Node("+", (0, 0))), (2, 3))
    assert graph.exact() == GraphValues((4.0, 4.0), ((4.0, 0.0), (6.0, 0.0)))


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_is_differentiated(operation: str) -> None:
    """Gradients of one node agree with central differences."""
    inputs: tuple[int | Plain, ...] = (0,) if operation in ("neg", "exp", "tanh", "relu") else (0, 1)
    inputs = (0, Plain(3)) if operation == "**" else inputs
    graph = Graph((0.7, 1.3), (Node(operation, inputs),))
    for leaf in (0, 1):
        moved = [
            Graph(tuple(x + h * (place == leaf) for place, x in enumerate(graph.leaves)), graph.nodes).exact().data[0]
            for h in (1e-6, -1e-6)
        ]
        assert graph.exact().grads[0][leaf] == pytest.approx((moved[0] - moved[1]) / 2e-6, abs=1e-6)


def test_plain_numbers_are_used_directly() -> None:
    """2 - x uses the plain 2."""
    assert Graph((0.5,), (Node("-", (Plain(2), 0)),)).exact() == GraphValues((1.5,), ((-1.0,),))


def test_doubled_repeats_every_node() -> None:
    """An expression written twice has two roots and twice the gradient after the second."""
    doubled = EXAMPLE.doubled()
    assert doubled.exact() == GraphValues((30.0, 30.0), ((49.0,), (98.0,)))


def test_times_multiplies_the_whole() -> None:
    """One more leaf is a factor of the result."""
    assert EXAMPLE.times(-2.0).exact() == GraphValues((-60.0,), ((-98.0, 30.0),))


@pytest.mark.parametrize("value", [math.nan, math.inf, 1.0 + 2e-6])
def test_what_is_not_near(value: float) -> None:
    """NaN, infinity and a small error are not the number."""
    assert not near(value, 1.0)
    assert not same(GraphValues((1.0,), ((value,),)), GraphValues((1.0,), ((1.0,),)))


@pytest.mark.parametrize("seed", range(20))
def test_drawn_graphs_are_plain(seed: int) -> None:
    """Numbers and gradients are neither tiny nor large; trees use each place once; chains have a single order."""
    rng = torch.Generator().manual_seed(seed)
    for operations in (("+", "*"), ("+",), ("*",)):
        tree, chain, mixed = draws.tree(rng, operations), draws.chain(rng, operations), draws.mixed(rng, operations)
        used = sorted(given for node in tree.nodes for given in node.inputs if isinstance(given, int))
        assert used == list(range(len(tree.leaves) + len(tree.nodes) - 1))
        for graph in (tree, chain, mixed):
            assert all(0.05 <= abs(place.item()) <= 3 for place in graph.tensors())
            assert all(0.05 <= abs(grad) <= 50 for grad in graph.exact().grads[0])
            assert same(replay(graph), graph.exact())
        for place, node in enumerate(chain.nodes[1:], start=len(chain.leaves)):
            assert place in node.inputs


def test_leaves_differ() -> None:
    """No two leaves have the same magnitude: their sum or difference would vanish."""
    for seed in range(50):
        drawn = draws.leaves(torch.Generator().manual_seed(seed), 4)
        magnitudes = sorted(map(abs, drawn))
        assert min(high - low for low, high in pairwise(magnitudes)) > 0.05


def test_no_such_graph() -> None:
    """A shape whose numbers are never in range is an error of the test writer."""
    with pytest.raises(RuntimeError):
        draws.chain(torch.Generator().manual_seed(0), ("+",), length=40)


def test_local_derivatives() -> None:
    """Each node is differentiated with respect to its own inputs; plain numbers have no derivative."""
    graph = Graph((2.0, 3.0), (Node("*", (0, 1)), Node("**", (2, Plain(2)))))
    assert partials_of(graph) == {2: (3.0, 2.0), 3: (12.0,)}


def test_an_order_with_too_many_visits() -> None:
    """Following every path of a long chain is given up."""
    long = Graph((1.0,), tuple(Node("+", (place, place)) for place in range(40)))
    assert topological(long, 40)[0] == 40
    assert explanation(long, GraphValues((1.0,), ((7.0,),))) == ""


@pytest.mark.parametrize(
    ("name", "grad"),
    [("zero", 0.0), ("twice", 86.0), ("twice", 162.0), ("twice", 202.0), ("sign", -49.0), ("", 12345.0)],
)
def test_mistakes_of_the_example_are_named(name: str, grad: float) -> None:
    """The gradients of hand-written classes with a common mistake, at a = 2."""
    assert explanation(EXAMPLE, GraphValues((30.0,), ((grad,),))) == name


@pytest.mark.parametrize(
    ("name", "graph", "grads"),
    [
        ("overwritten", Graph((3.0,), (Node("+", (0, 0)),)), (1.0,)),
        ("overwritten", Graph((3.0,), (Node("*", (0, 0)), Node("+", (0, 0))), (1, 2)), None),
        ("one", Graph((3.0, 2.0), (Node("*", (0, 1)),)), (1.0, 1.0)),
        ("one_sign", Graph((3.0, 2.0), (Node("-", (0, 1)),)), (1.0, 1.0)),
        ("half", Graph((3.0, 2.0), (Node("+", (0, 1)),)), (1.0, 0.0)),
        ("swapped", Graph((3.0, 2.0), (Node("*", (0, 1)),)), (3.0, 2.0)),
        ("nothing", Graph((3.0, 2.0), (Node("+", (0, 1)), Node("*", (2, 1)))), (0.0, 5.0)),
        ("power", Graph((2.0,), (Node("**", (0, Plain(3))),)), (4.0,)),
        ("power", Graph((2.0,), (Node("**", (0, Plain(3))),)), (24.0,)),
        ("divisor", Graph((3.0, 2.0), (Node("/", (0, 1)),)), (0.5, -1.5)),
        ("at_input", Graph((2.0,), (Node("exp", (0,)),)), (2.0,)),
        ("at_input", Graph((2.0,), (Node("tanh", (0,)),)), (-3.0,)),
        ("start", Graph((3.0, 2.0), (Node("*", (0, 1)), Node("*", (2, 0)))), (2.0 + 6.0, 3.0)),
    ],
)
def test_mistakes_of_other_graphs_are_named(name: str, graph: Graph, grads: tuple[float, ...] | None) -> None:
    """Each name has a graph that shows it."""
    found = GraphValues(graph.exact().data, ((6.0,), (1.0,)) if grads is None else (grads,))
    assert explanation(graph, found) == name


def test_words_are_in_both_languages() -> None:
    """Every name has a sentence, and no sentence has a digit that could be a hidden value."""
    for text in WORDS.values():
        assert text.said("en") != text.said("fr")
        assert not any(digit in text.said("en") + text.said("fr") for digit in "23456789")
