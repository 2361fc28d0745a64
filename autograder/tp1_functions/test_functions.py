"""MSE and Linear as torch.autograd.Functions, the context, and the student's own gradcheck."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch

from gradjudge.checks.instruments import kept
from gradjudge.checks.verdict import CheckFailed, StudentRaised, require

MSE_GRADIENTS = ("mse.dyhat", "mse.dy")
LINEAR_GRADIENTS = ("linear.dx", "linear.dw", "linear.db")
NOTHING_TO_JUDGE = (
    "Neither MSE nor Linear has a right gradient yet, so there is nothing to judge here.",
    "Ni MSE ni Linear n'a encore de gradient juste : il n'y a rien à évaluer ici.",
)
ANOTHER_REDUCTION = (
    "MSE is right for a reduction of its own, with which this cannot be judged, and Linear has no right gradient yet.",
    "MSE est juste pour une réduction qui lui est propre, avec laquelle on ne peut pas juger ceci, et Linear n'a "
    "encore aucun gradient juste.",
)


@pytest.fixture
def right_for_itself(request):
    """Tell whether MSE has a right gradient for its own reduction."""

    def tell():
        for name in ("yhat", "y"):
            with suppress(CheckFailed, pytest.FixtureLookupError):
                request.getfixturevalue("mse_check").own_forward_gradient(name)
                return True
        return False

    return tell


@pytest.fixture
def sound(request, passed, right_for_itself):
    """Give the checks of those Functions that have a right gradient: a wrong one has paid for that already."""
    checks = [
        request.getfixturevalue(name)
        for name, items in (("mse_check", MSE_GRADIENTS), ("linear_check", LINEAR_GRADIENTS))
        if any(passed(item) for item in items)
    ]
    if not checks and right_for_itself():
        own = request.getfixturevalue("mse_check").in_its_own_convention()
        require(own is not None, *ANOTHER_REDUCTION)
        return [own]
    require(bool(checks), *NOTHING_TO_JUDGE)
    return checks


@pytest.mark.item("mse.forward")
def test_mse_forward(mse_check):
    """MSE is (1/q) times the sum of squares over rows and columns, a tensor of 0 dimensions.

    fr: MSE vaut (1/q) fois la somme des carrés sur les lignes et les colonnes, un scalaire.
    """
    mse_check.forward()


@pytest.mark.item("mse.forward")
def test_mse_apply(mse_check, student):
    """The name mse is MSE.apply.

    fr: Le nom mse est MSE.apply.
    """
    mse_check.bound(student.mse)


@pytest.mark.item("mse.dyhat")
def test_mse_dyhat(mse_check):
    """MSE.backward gives the gradient with respect to yhat.

    fr: MSE.backward donne le gradient par rapport à yhat.
    """
    mse_check.gradient("yhat")


@pytest.mark.item("mse.dyhat")
def test_mse_dyhat_any_reduction(mse_check, passed):
    """The gradient with respect to yhat is right for the course's MSE, or at least for your own forward.

    fr: Le gradient par rapport à yhat est juste pour la MSE du cours, ou au moins pour votre propre forward.
    """
    if passed("mse.forward"):
        mse_check.gradient("yhat")
    else:
        mse_check.own_forward_gradient("yhat")


@pytest.mark.item("mse.dy")
def test_mse_dy(mse_check):
    """MSE.backward gives the gradient with respect to y.

    fr: MSE.backward donne le gradient par rapport à y.
    """
    mse_check.gradient("y")


@pytest.mark.item("mse.dy")
def test_mse_dy_any_reduction(mse_check, passed):
    """The gradient with respect to y is right for the course's MSE, or at least for your own forward.

    fr: Le gradient par rapport à y est juste pour la MSE du cours, ou au moins pour votre propre forward.
    """
    if passed("mse.forward"):
        mse_check.gradient("y")
    else:
        mse_check.own_forward_gradient("y")


@pytest.mark.item("linear.forward")
def test_linear_forward(linear_check):
    """Linear is x @ w + b, with the arguments in this order.

    fr: Linear vaut x @ w + b, avec les arguments dans cet ordre.
    """
    linear_check.forward()


@pytest.mark.item("linear.forward")
def test_linear_apply(linear_check, student):
    """The name linear is Linear.apply.

    fr: Le nom linear est Linear.apply.
    """
    linear_check.bound(student.linear)


@pytest.mark.item("linear.dx")
def test_linear_dx(linear_check):
    """Linear.backward gives the gradient with respect to x.

    fr: Linear.backward donne le gradient par rapport à x.
    """
    linear_check.gradient("x")


@pytest.mark.item("linear.dw")
def test_linear_dw(linear_check):
    """Linear.backward gives the gradient with respect to w.

    fr: Linear.backward donne le gradient par rapport à w.
    """
    linear_check.gradient("w")


@pytest.mark.item("linear.db")
def test_linear_db(linear_check):
    """Linear.backward gives the gradient with respect to b, summed over the rows.

    fr: Linear.backward donne le gradient par rapport à b, sommé sur les lignes.
    """
    linear_check.gradient("b", flatten=True)


@pytest.mark.item("linear.b_row")
def test_linear_b_flat(linear_check, passed):
    """For b of shape (p,), backward called by hand gives a gradient of shape (p,).

    fr: Pour b de forme (p,), backward appelé à la main donne un gradient de forme (p,).
    """
    linear_check.shape_of_gradient("b", paid=not passed("linear.db"))


@pytest.mark.item("linear.b_row")
def test_linear_b_row(linear_check_row, passed):
    """For b of shape (1, p), the shape on the sheet, backward called by hand gives a gradient of shape (1, p).

    fr: Pour b de forme (1, p), celle de la feuille, backward appelé à la main donne un gradient de forme (1, p).
    """
    linear_check_row.shape_of_gradient("b", paid=not passed("linear.db"))


@pytest.fixture
def linear_check_row(student, formulas, rng, device):
    from gradjudge.checks.functions.function_check import FunctionCheck

    shapes = {"x": (7, 5), "w": (5, 3), "b": (1, 3)}
    return FunctionCheck(student.Linear, formulas.linear, shapes, rng=rng, device=device)


@pytest.mark.item("context")
def test_two_contexts(student, rng, request, passed, right_for_itself):
    """After two forwards with two contexts, each backward finds its own notes, in either order.

    fr: Après deux forward avec deux contextes, chaque backward retrouve ses propres notes, dans un ordre ou l'autre.
    """
    judged = []
    mse = (student.MSE, [(6, 3), (6, 3)], ())
    if any(passed(item) for item in MSE_GRADIENTS):
        judged.append(mse)
    if any(passed(item) for item in LINEAR_GRADIENTS):
        shapes = {"x": (6, 4), "w": (4, 3), "b": (3,)}
        order = request.getfixturevalue("linear_check").order()
        judged.append((student.Linear, [shapes[name] for name in order], (6, 3)))
    if not judged and right_for_itself():
        judged.append(mse)
    require(bool(judged), *NOTHING_TO_JUDGE)
    for function, shapes, like in judged:
        first, second = (
            [torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in shapes] for _ in range(2)
        )
        gradient = torch.randn(like, generator=rng, dtype=torch.float64)
        together, alone = _by_contexts(student, function, (first, second), gradient)
        if not any(_given(one) for one in alone):  # a Context may ask which of its inputs require grad
            leaves = [[_leaf(student, one) for one in inputs] for inputs in (first, second)]
            together, alone = _by_contexts(student, function, leaves, gradient)
        require(
            all(_given(one) for one in alone),
            "With your Context, backward gives no gradient at all.",
            "Avec votre Context, backward ne donne aucun gradient.",
        )
        require(
            _same(together[0], alone[0]) and _same(together[1], alone[1]) and not _same(alone[0], alone[1]),
            "After two forwards, a backward uses what the other forward kept: keep it on ctx, and nowhere else.",
            "Après deux forward, un backward utilise ce que l'autre forward a gardé : gardez-le dans ctx, et nulle "
            "part ailleurs.",
            mistake="state",
        )


def _forward(student, function, inputs):
    """Call forward by hand with a context of the student's; both styles of Function are right."""
    context = student.Context()
    try:
        function.forward(context, *inputs)
    except StudentRaised as raised:
        try:
            function.setup_context(context, tuple(inputs), function.forward(*inputs))
        except CheckFailed:
            raise raised from None
    return context


def _by_contexts(student, function, pair, gradient):
    """Go back after both forwards, then after each alone."""
    contexts = [_forward(student, function, inputs) for inputs in pair]
    together = [function.backward(context, gradient) for context in reversed(contexts)][::-1]
    return together, [function.backward(_forward(student, function, inputs), gradient) for inputs in pair]


def _leaf(student, tensor):
    held = kept(student, tensor)
    held.requires_grad = True
    return held


def _given(gradients):
    """Give the tensors among gradients."""
    several = gradients if isinstance(gradients, tuple | list) else [gradients]
    return [one for one in several if isinstance(one, torch.Tensor)]


def _same(one, other):
    """Tell whether two sets of gradients are the same tensors; a None where none is given is legal."""
    if not (isinstance(one, tuple | list) and isinstance(other, tuple | list) and len(one) == len(other)):
        return False
    pairs = [(left, right) for left, right in zip(one, other, strict=True) if left is not None or right is not None]
    return bool(pairs) and all(
        isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor) and torch.equal(left, right)
        for left, right in pairs
    )


@pytest.mark.item("robust")
def test_robust_float32(sound):
    """In float32 the results stay float32 and right.

    fr: En float32, les résultats restent en float32 et justes.
    """
    for check in sound:
        check.robust("float32")


@pytest.mark.item("robust")
def test_robust_layouts(sound):
    """Transposed, sliced and expanded tensors work too.

    fr: Les tenseurs transposés, découpés ou étendus conviennent aussi.
    """
    for check in sound:
        check.robust("non-contiguous")


@pytest.mark.item("robust")
def test_robust_inputs_kept(sound):
    """Neither the inputs nor grad_output are changed in place.

    fr: Ni les entrées ni grad_output ne sont modifiés en place.
    """
    for check in sound:
        check.robust("no-mutation")


@pytest.mark.item("robust")
def test_robust_interleaved(sound):
    """Several graphs that are alive together do not mix.

    fr: Plusieurs graphes vivants en même temps ne se mélangent pas.
    """
    for check in sound:
        check.robust("interleaved")


@pytest.mark.item("check_mine")
def test_check_mine(student, formulas, rng):
    """check_mine(mse, linear) accepts right functions and refuses, or raises for, functions with a wrong gradient.

    fr: check_mine(mse, linear) accepte des fonctions justes et refuse, ou lève une erreur, si un gradient est faux.
    """
    mse, linear = formulas.MSE, formulas.LINEAR
    asked = [("", mse, linear)] * 3 + [
        ("mse", f"2 * ({mse}) - ({mse}).detach()", linear),
        ("linear", mse, "2 * (x @ w) - (x @ w).detach() + b"),
        ("linear", mse, "x @ w + b.detach()"),
        ("linear", mse, "x @ w.detach() + b"),
    ]
    for place in torch.randperm(len(asked), generator=rng).tolist():
        broken, *both = asked[place]
        if not broken:
            require(
                _accepts(student, *both) is True,
                "check_mine does not return True for two right functions.",
                "check_mine ne renvoie pas True pour deux fonctions justes.",
            )
            continue
        require(
            _refuses(student, *both),
            f"check_mine accepts a {broken} whose gradient is wrong: run gradcheck on the functions given as "
            "arguments.",
            f"check_mine accepte un {broken} dont le gradient est faux : appliquez gradcheck aux fonctions reçues en "
            "argument.",
        )


def _accepts(student, mse, linear):
    """Hand two functions to check_mine under names that the student's own code does not use."""
    with (
        student.stand_in("GivenMSE", apply="given_mse", params=("yhat", "y"), formula=mse),
        student.stand_in("GivenLinear", apply="given_linear", params=("x", "w", "b"), formula=linear),
    ):
        return student.check_mine(student.given_mse, student.given_linear)


def _refuses(student, mse, linear):
    try:
        return _accepts(student, mse, linear) is False
    except StudentRaised:
        return True
