"""Numbers on either side, - / ** and functions: each operation alone, on one-node graphs.

An operation may be made of others of the class. Where it is wrong but gives exactly what its ingredients give
(``x - y`` as ``x + (-y)``), the ingredient has the mistake and pays for it. No operation stands among its own
ingredients, however far down: it would excuse itself.
"""

from __future__ import annotations

import pytest

from gradjudge.checks.micrograd.draws import leaves
from gradjudge.checks.micrograd.graphs import Graph, Node, Plain, near
from gradjudge.checks.micrograd.scalars import require_graph
from gradjudge.checks.verdict import require

NUMBERS = (2, 0.7)  # a whole one and another


def graph(numbers, *nodes):
    """Write a graph shortly: each node is (operation, input, ...)."""
    return Graph(tuple(numbers), tuple(Node(operation, tuple(inputs)) for operation, *inputs in nodes))


# --- numbers on either side -------------------------------------------------------------------------------------------


@pytest.mark.item("value.numbers")
def test_number_added(values, rng):
    """x + 2 works.

    fr: x + 2 fonctionne.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        also = [graph((x, number), ("+", 0, 1))]
        require_graph(values, graph((x,), ("+", 0, Plain(number))), "x + 2", also=also)


@pytest.mark.item("value.numbers")
def test_added_to_number(values, rng):
    """2 + x works, and so does sum([x, y, z]), which starts from 0.

    fr: 2 + x fonctionne, et donc sum([x, y, z]), qui part de 0.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        also = [graph((x, number), ("+", 1, 0)), graph((x,), ("+", 0, Plain(number)))]
        require_graph(values, graph((x,), ("+", Plain(number), 0)), "2 + x", also=also)
    three = leaves(rng, 3)
    also = [graph(three, ("+", 0, 1), ("+", 3, 2))]
    require_graph(values, graph(three, ("sum", 0, 1, 2)), "sum([x, y, z])", also=also)


@pytest.mark.item("value.numbers")
def test_number_subtracted(values, rng):
    """x - 2 works.

    fr: x - 2 fonctionne.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        also = [
            graph((x, number), ("-", 0, 1)),
            graph((x,), ("+", 0, Plain(-number))),
            graph((x, number), ("neg", 1), ("+", 0, 2)),
        ]
        require_graph(values, graph((x,), ("-", 0, Plain(number))), "x - 2", also=also)


@pytest.mark.item("value.numbers")
def test_subtracted_from_number(values, rng):
    """2 - x works.

    fr: 2 - x fonctionne.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        also = [
            graph((x, number), ("-", 1, 0)),
            graph((x,), ("neg", 0), ("+", 1, Plain(number))),
            graph((x,), ("*", 0, Plain(-1)), ("+", 1, Plain(number))),
            graph((x, number), ("neg", 0), ("+", 1, 2)),
            graph((x,), ("-", 0, Plain(number)), ("neg", 1)),
        ]
        require_graph(values, graph((x,), ("-", Plain(number), 0)), "2 - x", also=also)


@pytest.mark.item("value.numbers")
def test_number_times(values, rng):
    """2 * x and x * 2 work.

    fr: 2 * x et x * 2 fonctionnent.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        right = graph((x,), ("*", 0, Plain(number)))
        require_graph(values, right, "x * 2", also=[graph((x, number), ("*", 0, 1))])
        also = [graph((x, number), ("*", 1, 0)), right]
        require_graph(values, graph((x,), ("*", Plain(number), 0)), "2 * x", also=also)


@pytest.mark.item("value.numbers")
def test_divided_by_number(values, rng):
    """x / 2 works.

    fr: x / 2 fonctionne.
    """
    for number in NUMBERS:
        (x,) = leaves(rng, 1)
        also = [
            graph((x, number), ("/", 0, 1)),
            graph((x,), ("*", 0, Plain(1 / number))),
            graph((x, number), ("**", 1, Plain(-1)), ("*", 0, 2)),
        ]
        require_graph(values, graph((x,), ("/", 0, Plain(number))), "x / 2", also=also)


@pytest.mark.item("value.numbers")
def test_number_divided(values, rng):
    """1 / x works.

    fr: 1 / x fonctionne.
    """
    for number in (1, 0.7):
        (x,) = leaves(rng, 1)
        also = [
            graph((x, number), ("/", 1, 0)),
            graph((x,), ("**", 0, Plain(-1)), ("*", 1, Plain(number))),
            graph((x, number), ("**", 0, Plain(-1)), ("*", 1, 2)),
            graph((x, number), ("**", 0, Plain(-1)), ("*", 2, 1)),
        ]
        require_graph(values, graph((x,), ("/", Plain(number), 0)), "1 / x", also=also)


# --- minus, divided by, power -----------------------------------------------------------------------------------------


@pytest.mark.item("value.minus_div_pow")
def test_minus_sign(values, twice, inside, rng):
    """-x has the right value and gradient.

    fr: -x a la bonne valeur et le bon gradient.
    """
    (x,) = leaves(rng, 1)
    also = [graph((x,), ("*", 0, Plain(-1))), graph((x, -1.0), ("*", 0, 1))]
    _alone_inside_twice(values, graph((x,), ("neg", 0)), "-x", also, inside, twice)


@pytest.mark.item("value.minus_div_pow")
def test_minus(values, twice, inside, rng):
    """x - y has the right value and gradients.

    fr: x - y a la bonne valeur et les bons gradients.
    """
    pair = leaves(rng, 2)
    also = [graph(pair, ("neg", 1), ("+", 0, 2)), graph(pair, ("*", 1, Plain(-1)), ("+", 0, 2))]
    _alone_inside_twice(values, graph(pair, ("-", 0, 1)), "x - y", also, inside, twice)


@pytest.mark.item("value.minus_div_pow")
def test_divided(values, twice, inside, rng):
    """x / y has the right value and gradients.

    fr: x / y a la bonne valeur et les bons gradients.
    """
    pair = leaves(rng, 2)
    also = [graph(pair, ("**", 1, Plain(-1)), ("*", 0, 2))]
    _alone_inside_twice(values, graph(pair, ("/", 0, 1)), "x / y", also, inside, twice)


def _alone_inside_twice(values, one, label, also, inside, twice):
    """Judge an operation alone, as a factor of something, and twice over the same values."""
    both = f"p = {label}, q = {label}"
    for written, change in ((label, lambda graph: graph), (f"({label}) * z", inside), (both, twice)):
        require_graph(values, change(one), written, also=[change(other) for other in also])


@pytest.mark.item("value.minus_div_pow")
def test_power_value(values, rng):
    """x ** k has the right value, for whole k and others.

    fr: x ** k a la bonne valeur, pour k entier ou non.
    """
    for exponent in (3, 2, -1, 0.5, -1.7):
        (x,) = (abs(number) for number in leaves(rng, 1))
        power = graph((x,), ("**", 0, Plain(exponent)))
        (got,) = values.forward(power, "x ** k")
        require(near(got, power.exact().data[0]), "`x ** k` has wrong data.", "`x ** k` a un data faux.")


@pytest.mark.item("value.minus_div_pow")
def test_power_gradient(values, inside, rng):
    """x ** k has the right gradient, for whole k and others.

    fr: x ** k a le bon gradient, pour k entier ou non.
    """
    for exponent in (3, 2, -1, 0.5, -1.7):
        (x,) = (abs(number) for number in leaves(rng, 1))
        require_graph(values, inside(graph((x,), ("**", 0, Plain(exponent)))), "x ** k")
    require_graph(values, graph((-1.25,), ("**", 0, Plain(3))), "x ** 3")


@pytest.mark.item("value.minus_div_pow")
def test_power_adds(values, overwrites, rng):
    """Gradients through x ** k are added to what is there.

    fr: Les gradients à travers x ** k s'ajoutent à ce qui est déjà là.
    """
    (x,) = (abs(number) for number in leaves(rng, 1))
    _adds(values, overwrites, graph((x,), ("**", 0, Plain(3))), "p = x ** 3, q = x ** 3")


# --- functions --------------------------------------------------------------------------------------------------------


def through_exp(x):
    """Write tanh with exp in the two usual ways."""
    two = Plain(2), Plain(1)
    return [
        graph((x,), ("*", 0, two[0]), ("exp", 1), ("-", 2, two[1]), ("+", 2, two[1]), ("/", 3, 4)),
        graph((x,), ("*", two[0], 0), ("exp", 1), ("-", 2, two[1]), ("+", 2, two[1]), ("/", 3, 4)),
        graph((x,), ("exp", 0), ("neg", 0), ("exp", 2), ("-", 1, 3), ("+", 1, 3), ("/", 4, 5)),
    ]


def _value(values, rng, name):
    for x in _inputs(rng):
        function = graph((x,), (name, 0))
        (got,) = values.forward(function, f"x.{name}()")
        require(
            near(got, function.exact().data[0])
            or (values.excuses() and any(_same(values, one, got) for one in _others(name, x))),
            f"`x.{name}()` has wrong data.",
            f"`x.{name}()` a un data faux.",
        )


def _same(values, other, got):
    return near(values.forward(other, "tanh")[0], got)


def _gradient(values, rng, name, inside):
    for x in _inputs(rng):
        also = [inside(other) for other in _others(name, x)]
        require_graph(values, inside(graph((x,), (name, 0))), f"x.{name}()", also=also)


def _others(name, x):
    return through_exp(x) if name == "tanh" else []


def _inputs(rng):
    """Draw inputs of both signs, none near 0, where relu has its kink."""
    return [sign * abs(number) for number in leaves(rng, 2) for sign in (1, -1)]


def _adds(values, overwrites, one, label):
    """Require that the second gradient is added; how large the first is, another check asks."""
    both = one.doubled()
    found = values.run(both, label)
    if any(near(first, 0.0) for first in found.grads[0]):  # a threshold at another place: look at larger numbers too
        found = values.run(Graph(tuple(10 * leaf for leaf in both.leaves), both.nodes, both.roots), label)
    for first, second in zip(found.grads[0], found.grads[-1], strict=True):
        require(
            not near(first, 0.0),
            f"`{label}`: the gradient stays 0. Does the result get its _backward?",
            f"`{label}` : le gradient reste nul. Le résultat reçoit-il son _backward ?",
            mistake="nothing back",
        )
        require(
            near(second, 2 * first) or (near(second, first) and overwrites()),
            f"`{label}`: the second gradient is not added to the first: write +=, not =.",
            f"`{label}` : le second gradient ne s'ajoute pas au premier : écrivez +=, et non =.",
            mistake="overwritten",
        )


@pytest.mark.item("value.exp")
def test_exp_value(values, rng):
    """x.exp() has the right value.

    fr: x.exp() a la bonne valeur.
    """
    _value(values, rng, "exp")


@pytest.mark.item("value.exp")
def test_exp_gradient(values, inside, rng):
    """x.exp() has the right gradient.

    fr: x.exp() a le bon gradient.
    """
    _gradient(values, rng, "exp", inside)


@pytest.mark.item("value.exp")
def test_exp_adds(values, overwrites, rng):
    """Gradients through x.exp() are added to what is there.

    fr: Les gradients à travers x.exp() s'ajoutent à ce qui est déjà là.
    """
    _adds(values, overwrites, graph(leaves(rng, 1), ("exp", 0)), "p = x.exp(), q = x.exp()")


@pytest.mark.item("value.tanh")
def test_tanh_value(values, rng):
    """x.tanh() has the right value.

    fr: x.tanh() a la bonne valeur.
    """
    _value(values, rng, "tanh")


@pytest.mark.item("value.tanh")
def test_tanh_gradient(values, inside, rng):
    """x.tanh() has the right gradient.

    fr: x.tanh() a le bon gradient.
    """
    _gradient(values, rng, "tanh", inside)


@pytest.mark.item("value.tanh")
def test_tanh_adds(values, overwrites, rng):
    """Gradients through x.tanh() are added to what is there.

    fr: Les gradients à travers x.tanh() s'ajoutent à ce qui est déjà là.
    """
    _adds(values, overwrites, graph(leaves(rng, 1), ("tanh", 0)), "p = x.tanh(), q = x.tanh()")


@pytest.mark.item("value.relu")
def test_relu_value(values, rng):
    """x.relu() has the right value on either side of 0.

    fr: x.relu() a la bonne valeur de chaque côté de 0.
    """
    _value(values, rng, "relu")


@pytest.mark.item("value.relu")
def test_relu_gradient(values, inside, rng):
    """x.relu() has the right gradient on either side of 0.

    fr: x.relu() a le bon gradient de chaque côté de 0.
    """
    _gradient(values, rng, "relu", inside)


@pytest.mark.item("value.relu")
def test_relu_adds(values, overwrites, rng):
    """Gradients through x.relu() are added to what is there.

    fr: Les gradients à travers x.relu() s'ajoutent à ce qui est déjà là.
    """
    _adds(values, overwrites, graph([abs(x) for x in leaves(rng, 1)], ("relu", 0)), "p = x.relu(), q = x.relu()")
