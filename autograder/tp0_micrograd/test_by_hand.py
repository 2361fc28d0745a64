"""The example by hand, lines that separate, and the same gradients by PyTorch."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.micrograd.graphs import near
from gradjudge.checks.micrograd.scalars import as_number
from gradjudge.checks.verdict import require

GATES = {
    "AND": (0, 0, 0, 1),
    "OR": (0, 1, 1, 1),
    "XOR": (0, 1, 1, 0),
    "NAND": (1, 1, 1, 0),
    "NOR": (1, 0, 0, 0),
    "XNOR": (1, 0, 0, 1),
}


@pytest.mark.item("separable")
def test_separable_gates(require_separable):
    """separable tells which of AND, OR, NAND, NOR, XOR and XNOR a line separates.

    fr: separable dit lesquelles de AND, OR, NAND, NOR, XOR et XNOR une droite sépare.
    """
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    require_separable([((name, name), corners, labels) for name, labels in GATES.items()])


@pytest.mark.item("separable")
def test_separable_sets(require_separable, point_sets):
    """separable is right for sets of up to eight points.

    fr: separable a raison pour des ensembles d'au plus huit points.
    """
    require_separable(point_sets)


@pytest.mark.item("separable")
def test_separable_edges(require_separable):
    """separable means strictly, takes a single class for separable, and one point with both labels for not.

    fr: separable s'entend au sens strict, juge séparable une seule classe, et non un point qui a les deux étiquettes.
    """
    row = [(-1, 0), (0, 0), (2, 0)]
    one_class = "points of one class", "des points d'une seule classe"
    same_point = "one point with both labels", "un point qui a les deux étiquettes"
    between = "a point between two of the other class", "un point entre deux points de l'autre classe"
    edge = "a point on the edge of a triangle", "un point sur le côté d'un triangle"
    require_separable(
        [
            (one_class, [(1, 2), (-3, 0), (2, 2)], (1, 1, 1)),
            (one_class, [(0, 0), (3, -1)], (0, 0)),
            (same_point, [(1, 1), (1, 1), (-2, 0)], (0, 1, 0)),
            (between, row, (0, 1, 0)),
            (("three points in a row", "trois points alignés"), row, (0, 1, 1)),
            (edge, [(-1, -1), (1, 1), (0, 3), (0, 0)], (1, 1, 1, 0)),
        ]
    )


@pytest.mark.item("byhand.forward")
def test_byhand_forward(two_numbers, pairs):
    """forward returns (a, b), with a = x + y and b = a * y.

    fr: forward renvoie (a, b), avec a = x + y et b = a * y.
    """
    for x, y in pairs:
        a, b = two_numbers("forward", x, y)
        require(
            not (near(a, (x + y) * y) and near(b, x + y)),
            "forward returns (b, a); the order is (a, b).",
            "forward renvoie (b, a) ; l'ordre est (a, b).",
            mistake="order",
        )
        require(near(a, x + y), "a is wrong: a = x + y.", "a est faux : a = x + y.")
        require(near(b, (x + y) * y), "b is wrong: b = a * y.", "b est faux : b = a * y.")


@pytest.mark.item("byhand.dx")
def test_byhand_dx(two_numbers, pairs):
    """backward gives the derivative of b with respect to x.

    fr: backward donne la dérivée de b par rapport à x.
    """
    got = [(two_numbers("backward", x, y)[0], x, y) for x, y in pairs]
    _name(
        got,
        lambda x, y: x + 2 * y,
        "It is that of y: the order is (dx, dy).",
        "C'est celle de y : l'ordre est (dx, dy).",
        "order",
    )
    _name(
        got,
        lambda _x, _y: 1.0,
        "It is that of a = x + y alone, which is 1: multiply it by that of b with respect to a.",
        "C'est celle de a = x + y seule, qui vaut 1 : multipliez-la par celle de b par rapport à a.",
        "grad_output",
    )
    require(
        all(near(dx, y) for dx, _, y in got),
        "db/dx is wrong: x acts on b through a alone.",
        "db/dx est fausse : x n'agit sur b qu'à travers a.",
        detail=f"got {got}",
    )


@pytest.mark.item("byhand.dy")
def test_byhand_dy(two_numbers, pairs, passed):
    """backward gives the derivative of b with respect to y, which acts in two ways.

    fr: backward donne la dérivée de b par rapport à y, qui agit par deux chemins.
    """
    both = [(two_numbers("backward", x, y), x, y) for x, y in pairs]
    got = [(dy, x, y) for (_, dy), x, y in both]
    if not passed("byhand.forward") and all(near(dy, two_numbers("forward", x, y)[0] + y) for dy, x, y in got):
        return  # right, but for the a that forward gives: that has been paid for
    if all(near(dx, x + 2 * y) for (dx, _), x, y in both):  # that of x is also the part of dy through a
        order = "It is that of x: the order is (dx, dy).", "C'est celle de x : l'ordre est (dx, dy)."
        _name(got, lambda _x, y: y, *order, "order")
    direct = ("Only the part through b = a * y is there: y acts through a too.",
              "Seule la part qui passe par b = a * y y est : y agit aussi à travers a.")  # fmt: skip
    _name(got, lambda x, y: x + y, *direct, "one use")
    through_a = ("Only the part through a is there: y is also a factor of b.",
                 "Seule la part qui passe par a y est : y est aussi un facteur de b.")  # fmt: skip
    _name(got, lambda _x, y: y, *through_a, "one use")
    require(
        all(near(dy, x + 2 * y) for dy, x, y in got),
        "db/dy is wrong: add the two ways in which y acts on b.",
        "db/dy est fausse : ajoutez les deux chemins par lesquels y agit sur b.",
        detail=f"got {got}",
    )


def _name(got, mistake, en, fr, key):
    """Name a mistake that fits all pairs."""
    require(not all(near(found, mistake(x, y)) for found, x, y in got), en, fr, mistake=key)


@pytest.mark.item("torch_same")
def test_torch_same(student, rng):
    """torch_same gives the value and the two gradients of the expression, as three numbers.

    fr: torch_same donne la valeur et les deux gradients de l'expression, trois nombres.
    """
    for _ in range(3):
        x, y = (0.3 + torch.rand(2, generator=rng, dtype=torch.float64)).tolist()
        leaves = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (x, y)]
        right = ((leaves[0] + leaves[1]) * leaves[1]).tanh() + leaves[0] ** 2
        due = [right.item(), *(part.item() for part in torch.autograd.grad(right, leaves))]
        got = student.torch_same(x, y)
        require(
            isinstance(got, list | tuple) and len(got) == 3,
            "torch_same must return three numbers.",
            "torch_same doit renvoyer trois nombres.",
            detail=f"got {got!r}",
        )
        names = (("The value", "La valeur"), ("df/dx", "df/dx"), ("df/dy", "df/dy"))
        for (en, fr), one, exact in zip(names, got, due, strict=True):
            # 1e-4: torch.tensor(2.0) is float32, and that is not what is judged.
            require(
                abs(as_number(one, "torch_same") - exact) <= 1e-4 * max(1.0, abs(exact)),
                f"{en} is wrong.",
                f"{fr} : résultat faux.",
                detail=f"got {one!r}, expected {exact}",
            )
