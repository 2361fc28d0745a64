"""The class Value: what it builds, and how it goes back through the graph."""

from __future__ import annotations

import pytest

from gradjudge.checks.micrograd.draws import chain, leaves, mixed, tree
from gradjudge.checks.micrograd.graphs import Graph, Node, near
from gradjudge.checks.micrograd.scalars import as_number, require_graph, require_long_chain
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.verdict import require


@pytest.mark.item("value.ops")
def test_value_new(student):
    """A new Value has its number in data and 0.0 in grad.

    fr: Une nouvelle Value a son nombre dans data et 0.0 dans grad.
    """
    recipe = Recipe(student, label="Value(2.0)")
    made = recipe.of(student.Value)(2.0)
    data, grad = (as_number(got, "Value(2.0)") for got in recipe.run(made.data, made.grad))
    require(near(data, 2.0), "data is not the number that was given.", "data n'est pas le nombre donné.")
    require(near(grad, 0.0), "grad must be 0.0 at first.", "grad doit valoir 0.0 au départ.")


@pytest.mark.item("value.ops")
def test_value_add(student, rng):
    """a + b is a new Value of the sum; a and b stay as they are.

    fr: a + b est une nouvelle Value, la somme ; a et b ne changent pas.
    """
    _binary(student, "a + b", "+", leaves(rng, 2))


@pytest.mark.item("value.ops")
def test_value_mul(student, rng):
    """a * b is a new Value of the product; a and b stay as they are.

    fr: a * b est une nouvelle Value, le produit ; a et b ne changent pas.
    """
    _binary(student, "a * b", "*", leaves(rng, 2))


def _binary(student, label, operation, numbers):
    recipe = Recipe(student, label=label)
    make = recipe.of(student.Value)
    graph = Graph(tuple(numbers), (Node(operation, (0, 1)),))
    a, b, result = graph.build([make(number) for number in numbers])
    got = [as_number(one, label) for one in recipe.run(result.data, a.data, b.data)]
    require(near(got[0], graph.exact().data[0]), f"`{label}` has wrong data.", f"`{label}` a un data faux.")
    require(
        near(got[1], numbers[0]) and near(got[2], numbers[1]),
        f"`{label}` changes a or b: make a new Value.",
        f"`{label}` change a ou b : créez une nouvelle Value.",
        mistake="in place",
    )


@pytest.mark.item("value.ops")
def test_value_prev(student, rng):
    """_prev of a result has the two values that it was made of; that of a number is empty.

    fr: _prev d'un résultat contient les deux valeurs dont il vient ; celui d'un nombre est vide.
    """
    numbers = leaves(rng, 2)
    for label, operation in (("(a + b)._prev", "+"), ("(a * b)._prev", "*")):
        recipe = Recipe(student, label=label)
        make = recipe.of(student.Value)
        a, b, result = Graph(tuple(numbers), (Node(operation, (0, 1)),)).build([make(number) for number in numbers])
        before = recipe.make("builtins:list", result._prev)
        count, empty = recipe.make("builtins:len", before), recipe.make("builtins:len", a._prev)
        given = recipe.make("builtins:len", make(1.0, (a, b))._prev)
        sizes = recipe.run(count, empty, given)
        require(
            sizes == (2, 0, 2),
            f"`{label}` must have two values, and that of a number none.",
            f"`{label}` doit contenir deux valeurs, et celui d'un nombre aucune.",
            detail=f"sizes {sizes}",
            mistake="no children" if type(sizes) is tuple and sizes[0] == 0 else "",
        )
        # Which values: their numbers tell them apart.
        recipe = Recipe(student, label=label)
        make = recipe.of(student.Value)
        *_, result = Graph(tuple(numbers), (Node(operation, (0, 1)),)).build([make(number) for number in numbers])
        before = recipe.make("builtins:list", result._prev)
        found = sorted(as_number(one, label) for one in recipe.run(before[0].data, before[1].data))
        require(
            all(near(got, due) for got, due in zip(found, sorted(numbers), strict=True)),
            f"`{label}` has other values than a and b.",
            f"`{label}` contient d'autres valeurs que a et b.",
        )


@pytest.mark.item("value.ops")
def test_value_repr(student):
    """A Value shows itself as Value(data=2.000, grad=0.000).

    fr: Une Value s'affiche Value(data=2.000, grad=0.000).
    """
    recipe = Recipe(student, label="repr")
    make = recipe.of(student.Value)
    plain, other = make(2.0), make(-1.23456)
    recipe.set(other, "grad", 0.25)
    got = recipe.run(recipe.make("builtins:str", plain), recipe.make("builtins:str", other))
    require(
        got == ("Value(data=2.000, grad=0.000)", "Value(data=-1.235, grad=0.250)"),
        "The text is not Value(data=2.000, grad=0.000), with three decimals each.",
        "Le texte n'est pas Value(data=2.000, grad=0.000), avec trois décimales chacun.",
        detail=f"got {got!r}",
    )


# --- tree -------------------------------------------------------------------------------------------------------------


@pytest.mark.item("value.tree")
def test_tree_root(student):
    """backward() sets the gradient of the value that it starts from to 1.

    fr: backward() met à 1 le gradient de la valeur d'où il part.
    """
    recipe = Recipe(student, label="Value(2.0).backward()")
    root = recipe.of(student.Value)(2.0)
    root.backward()
    (grad,) = recipe.run(root.grad)
    require(
        near(as_number(grad, "backward"), 1.0),
        "After e.backward(), e.grad must be 1: the derivative of e by itself.",
        "Après e.backward(), e.grad doit valoir 1 : la dérivée de e par rapport à lui-même.",
        mistake="start of backward",
    )


@pytest.mark.item("value.tree")
def test_tree_add(values, rng):
    """Gradients are right through sums in which each value is used once.

    fr: Les gradients sont justes à travers des sommes où chaque valeur sert une fois.
    """
    require_graph(values, tree(rng, ("+",), 2), "a + b")
    require_graph(values, tree(rng, ("+",), 5), "(a + b) + ...")


@pytest.mark.item("value.tree")
def test_tree_mul(values, rng):
    """Gradients are right through products in which each value is used once.

    fr: Les gradients sont justes à travers des produits où chaque valeur sert une fois.
    """
    require_graph(values, tree(rng, ("*",), 2), "a * b")
    require_graph(values, tree(rng, ("*",), 5), "(a * b) * ...")


@pytest.mark.item("value.tree")
def test_tree_both(values, plus_and_times, rng):
    """Gradients are right through expressions of + and * in which each value is used once.

    fr: Les gradients sont justes à travers des expressions de + et * où chaque valeur sert une fois.
    """
    for count in (3, 5, 7):
        require_graph(values, tree(rng, plus_and_times.sound, count), "(a + b) * ...")


# --- reuse ------------------------------------------------------------------------------------------------------------


@pytest.mark.item("value.reuse")
def test_reuse_sum(values, single_plus_and_times, rng):
    """In a + a both parts of the gradient are counted.

    fr: Dans a + a, les deux parts du gradient comptent.
    """
    plus = single_plus_and_times.plus
    require_graph(values, Graph(leaves(rng, 1), (Node(plus, (0, 0)),)), f"a {plus} a")


@pytest.mark.item("value.reuse")
def test_reuse_product(values, single_plus_and_times, rng):
    """In a * a both parts of the gradient are counted.

    fr: Dans a * a, les deux parts du gradient comptent.
    """
    times = single_plus_and_times.times
    require_graph(values, Graph(leaves(rng, 1), (Node(times, (0, 0)),)), f"a {times} a")


@pytest.mark.item("value.reuse")
def test_reuse_diamond(values, plus_and_times, rng):
    """Two ways from the same values to the result add up.

    fr: Deux chemins qui vont des mêmes valeurs au résultat s'ajoutent.
    """
    plus, times = plus_and_times.plus, plus_and_times.times
    # With a set as _prev, either of two different operations may come first: one that overwrites is then seen or not.
    for first, second in ((times, times), (plus, plus), (times, plus), (plus, times)):
        nodes = (Node(first, (0, 1)), Node(second, (0, 1)), Node(times, (2, 3)))
        require_graph(values, Graph(leaves(rng, 2), nodes), f"(a {first} b) {times} (a {second} b)")


@pytest.mark.item("value.reuse")
def test_reuse_two_expressions(values, single_plus_and_times, rng):
    """Two expressions that share a value add up: p.backward(), then q.backward().

    fr: Deux expressions qui partagent une valeur s'ajoutent : p.backward(), puis q.backward().
    """
    plus, times = single_plus_and_times.plus, single_plus_and_times.times
    graph = Graph(leaves(rng, 1), (Node(times, (0, 0)), Node(plus, (0, 0))), (1, 2))
    require_graph(values, graph, f"p = x {times} x, q = x {plus} x")


# --- order ------------------------------------------------------------------------------------------------------------


@pytest.mark.item("value.order")
def test_order_example(values, plus_and_times, overwriting, rng):
    """In s = a*a + a, e = s*(a*a) + s, each node is visited once, after all that use it.

    fr: Dans s = a*a + a, e = s*(a*a) + s, chaque nœud est visité une fois, après tous ceux qui l'utilisent.
    """
    plus, times = plus_and_times.plus, plus_and_times.times
    nodes = (Node(times, (0, 0)), Node(plus, (1, 0)), Node(times, (2, 1)), Node(plus, (3, 2)))
    for start in ((2.0,), leaves(rng, 1)):
        graph = Graph(start, nodes)
        require_graph(values, graph, "s = a*a + a, e = s*(a*a) + s", accept=overwriting(graph))


@pytest.mark.item("value.order")
def test_order_far_apart(values, plus_and_times, overwriting, rng):
    """A node that is used both early and late waits for all that use it.

    fr: Un nœud utilisé à la fois tôt et tard attend tous ceux qui l'utilisent.
    """
    plus, times = plus_and_times.plus, plus_and_times.times
    for last in ((2, 4), (4, 2)):
        # s = a*b, t = s + a, u = t*b, and s + u or u + s
        nodes = (Node(times, (0, 1)), Node(plus, (2, 0)), Node(times, (3, 1)), Node(plus, last))
        graph = Graph(leaves(rng, 2), nodes)
        require_graph(values, graph, "s = a*b, e = s + (s + a)*b", accept=overwriting(graph))
    for length in (5, 6, 7, 8, 9, 10):
        graph = chain(rng, plus_and_times.sound, 2, length)
        require_graph(values, graph, "f(a, b)", accept=overwriting(graph))


@pytest.mark.item("value.order")
def test_order_random(values, plus_and_times, overwriting, passed, rng):
    """Gradients are right in expressions drawn at random, with parts used several times.

    fr: Les gradients sont justes dans des expressions tirées au hasard, dont des parties servent plusieurs fois.
    """
    draw = mixed if passed("value.reuse") else chain  # with overwriting, one order alone has one result
    for length in (4, 6, 8, 10, 12):
        graph = draw(rng, plus_and_times.sound, 3, length)
        require_graph(values, graph, "f(a, b, c)", accept=overwriting(graph))


@pytest.mark.item("value.long_chain")
def test_long_chain(values, plus_and_times):
    """A chain of 10 000 operations works: no limit of recursion.

    fr: Une chaîne de 10 000 opérations fonctionne : aucune limite de récursion.
    """
    require_long_chain(values, plus_and_times.plus)
