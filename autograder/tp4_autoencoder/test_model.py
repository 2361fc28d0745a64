"""The auto-encoder of figure 1: encode, decode, one theta for both; and its gradients, worked out on paper."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.comparison import Due, flaw_in
from gradjudge.checks.functions.by_hand import GradientsByHand
from gradjudge.checks.modules.networks import parameters_of, require_same_for_views
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require

ROWS = 5


@pytest.fixture
def allowed(device):
    return tolerance(device, torch.float32)


@pytest.fixture
def model(models, start):
    """Make the student's model and give it known parameters."""
    held = models.made()
    models.place(held, start)
    return held


def matrices(student, model, theta):
    """Give the matrices that a right formula may use: theta; for a model that is not tied, another one of its own."""
    own = [value for value in parameters_of(student, model).values() if value.dim() == 2]
    return [theta, *(turned for value in own for turned in (value, value.T) if turned.shape == theta.shape)]


def require_output(got, right, where, mistakes, allowed):
    """Require `got` to be one of `right`; name the first of `mistakes` (a value, its key and its name) that it is."""
    shape = Text.own(f"{list(right[0].shape)}", f"{list(right[0].shape)}")
    flaws = [flaw_in(got, Due(value, shape), allowed) for value in right]
    if None in flaws:
        return
    for value, key, en, fr in mistakes:
        if isinstance(got, torch.Tensor) and got.shape == value.shape and near(got, value, allowed):
            fail(f"`{where}` {en}", f"`{where}` {fr}", mistake=key)
    fail(f"What `{where}` gives {flaws[0].text.said('en')}.", f"Ce que donne `{where}` {flaws[0].text.said('fr')}.")


ACTIVATION = "extra activation", "has an activation; figure 1 has none.", "a une activation en trop."


@pytest.mark.item("encode")
def test_encode_values(student, models, model, start, draw, allowed):
    """theta has shape (latent, input), and encode(x) is x @ theta.T + b1.

    fr: theta a la forme (latent, input), et encode(x) vaut x @ theta.T + b1.
    """
    shape = models.shape_of_theta(model)
    require(
        shape == list(start["theta"].shape),
        f"theta has shape {shape}; (latent, inputs) is expected: one row for each latent number.",
        f"theta a la forme {shape} ; on attend (latent, inputs) : une ligne par nombre latent.",
        mistake="transposed" if shape == list(start["theta"].T.shape) else "",
    )
    x = draw(ROWS, models.inputs)
    products = [x @ matrix.T for matrix in matrices(student, model, start["theta"])]
    mistakes = [
        (products[0], "bias", "forgets b1.", "oublie b1."),
        ((products[0] + start["b1"]).relu(), *ACTIVATION),
        ((products[0] + start["b1"]).sigmoid(), *ACTIVATION),
    ]
    require_output(model.encode(x), [value + start["b1"] for value in products], "encode", mistakes, allowed)


@pytest.mark.item("encode")
def test_encode_b1(student, models, model, start, draw):
    """b1 is a parameter of the model, and the gradient reaches it through encode.

    fr: b1 est un paramètre du modèle, et le gradient l'atteint à travers encode.
    """
    require_learns(student, model, "encode", draw(ROWS, models.inputs), "b1", start)


@pytest.mark.item("decode")
def test_decode_values(student, models, model, start, draw, allowed):
    """decode(y) is y @ theta + b2.

    fr: decode(y) vaut y @ theta + b2.
    """
    y = draw(ROWS, models.latent)
    products = [y @ matrix for matrix in matrices(student, model, start["theta"])]
    mistakes = [
        (products[0], "bias", "forgets b2.", "oublie b2."),
        ((products[0] + start["b2"]).relu(), *ACTIVATION),
        ((products[0] + start["b2"]).sigmoid(), *ACTIVATION),
        (
            (y - start["b1"]) @ torch.linalg.pinv(start["theta"]).T,
            "inverse",
            "inverts encode; theta transposed is no inverse, and is what is asked for.",
            "inverse encode ; la transposée de theta n'est pas un inverse, et c'est elle qui est demandée.",
        ),
    ]
    require_output(model.decode(y), [value + start["b2"] for value in products], "decode", mistakes, allowed)


@pytest.mark.item("decode")
def test_decode_b2(student, models, model, start, draw):
    """b2 is a parameter of the model, and the gradient reaches it through decode.

    fr: b2 est un paramètre du modèle, et le gradient l'atteint à travers decode.
    """
    require_learns(student, model, "decode", draw(ROWS, models.latent), "b2", start)


@pytest.mark.item("decode")
def test_forward(student, models, model, draw, allowed):
    """model(x) is decode(encode(x)), one tensor of the shape of x.

    fr: model(x) vaut decode(encode(x)), un seul tenseur de la forme de x.
    """
    x = draw(ROWS, models.inputs)
    own = model.decode(model.encode(x))
    require(
        isinstance(own, torch.Tensor),
        "decode(encode(x)) is no tensor.",
        "decode(encode(x)) n'est pas un tenseur.",
    )
    require_output(model(x), [own], "model(x)", [], allowed)
    require_same_for_views(student, model, x)
    require_same_for_views(student, model, x, method="encode")
    require_same_for_views(student, model, draw(ROWS, models.latent), method="decode")


def require_learns(student, model, method, given, name, start):
    """Require a bias to be a registered parameter, with a gradient that is not zero after one backward."""
    require_registered(student, model, name, start[name])
    recipe = Recipe(student, label=f"TiedAutoencoder.{method}")
    held = recipe.of(model)
    getattr(held, method)(given).sum().backward()
    (gradient,) = recipe.run(getattr(held, name).grad)
    require(
        isinstance(gradient, torch.Tensor) and bool(gradient.abs().max() > 0),
        f"No gradient reaches {name} through {method}.",
        f"Aucun gradient n'atteint {name} à travers {method}.",
    )


def require_registered(student, model, name, value):
    """Require an attribute to be among the parameters of the model; they are told by their values."""
    require(
        any(torch.equal(own, value) or torch.equal(own.T, value) for own in parameters_of(student, model).values()),
        f"{name} is not among model.parameters(): wrap it in nn.Parameter.",
        f"{name} n'est pas dans model.parameters() : mettez-le dans un nn.Parameter.",
        mistake="not registered",
    )


@pytest.mark.item("tied")
def test_one_theta(student, models, model, start, draw):
    """There is one theta, a parameter: when it changes, both encode and decode change.

    fr: Il y a un seul theta, un paramètre : quand il change, encode et decode changent tous les deux.
    """
    require_registered(student, model, "theta", start["theta"])
    for method in unmoved(models, model, start, draw):
        fail(
            f"When theta changes, {method} stays as it was: it uses another matrix, which only starts equal.",
            f"Quand theta change, {method} ne change pas : il utilise une autre matrice, égale au départ seulement.",
            mistake="untied",
        )


def unmoved(models, model, start, draw):
    """Change theta; return the methods that do not follow."""
    given = {"encode": draw(ROWS, models.inputs), "decode": draw(ROWS, models.latent)}
    before = {method: getattr(model, method)(values) for method, values in given.items()}
    models.place(model, {"theta": start["theta"] + draw(*start["theta"].shape)})
    after = {method: getattr(model, method)(values) for method, values in given.items()}
    return [
        method
        for method, value in after.items()
        if not (isinstance(value, torch.Tensor) and isinstance(before[method], torch.Tensor))
        or torch.equal(value, before[method])
    ]


@pytest.mark.item("tied")
def test_both_uses_in_the_gradient(student, models, model, start, draw, passed, allowed):
    """The gradient of theta has two parts, through encode and through decode.

    fr: Le gradient de theta a deux parts, à travers encode et à travers decode.
    """
    x, cotangent = draw(ROWS, models.inputs), draw(ROWS, models.inputs)
    recipe = Recipe(student, label="TiedAutoencoder")
    held = recipe.of(model)
    given = held(x) if isinstance(model(x), torch.Tensor) else held.decode(held.encode(x))
    given.backward(cotangent)
    (got,) = recipe.run(held.theta.grad)
    for method in unmoved(models, model, start, lambda *shape: torch.ones(*shape)):
        fail(
            f"{method} uses another matrix, so theta.grad lacks the part through {method}.",
            f"{method} utilise une autre matrice : il manque à theta.grad la part à travers {method}.",
            mistake="untied",
        )
    if not (passed("encode") and passed("decode")):
        return require_own_gradient(student, models, model, got, x, cotangent, start)
    parts = {part: gradient_of(start, x, cotangent, part) for part in ("both", "encode", "decode")}
    mistakes = [
        (parts["encode"], "one use", "has the part through encode alone: decode cuts theta off.",
         "n'a que la part à travers encode : decode coupe theta du graphe."),
        (parts["decode"], "one use", "has the part through decode alone: encode cuts theta off.",
         "n'a que la part à travers decode : encode coupe theta du graphe."),
    ]  # fmt: skip
    require_output(got, [parts["both"]], "theta.grad", mistakes, allowed)
    return None


def gradient_of(start, x, cotangent, part):
    """Return the gradient of theta through one of its uses, or through both."""
    leaf = start["theta"].clone().requires_grad_()
    cut = leaf.detach()
    encoder, decoder = (leaf if part != "decode" else cut), (leaf if part != "encode" else cut)
    y = x @ encoder.T + start["b1"]
    (gradient,) = torch.autograd.grad(y @ decoder + start["b2"], leaf, cotangent)
    return gradient


def require_own_gradient(student, models, model, got, x, cotangent, start):
    """Compare theta's gradient with differences of the student's own forward, whatever that computes."""
    require(isinstance(got, torch.Tensor), "theta has no gradient.", "theta n'a pas de gradient.")
    require_registered(student, model, "theta", start["theta"] + 1)
    recipe = Recipe(student, label="TiedAutoencoder")
    recipe.run(recipe.of(model).double())
    models.place(model, {name: value.double() for name, value in start.items()})
    turned = list(got.shape) != list(start["theta"].shape)
    direction, step = torch.ones_like(start["theta"], dtype=torch.float64), 1e-4
    ends = []
    for sign in (1, -1):
        models.place(model, {"theta": start["theta"].double() + sign * step * direction})
        given = model(x.double())
        ends.append(given if isinstance(given, torch.Tensor) else model.decode(model.encode(x.double())))
    require(
        all(isinstance(end, torch.Tensor) and end.shape == cotangent.shape for end in ends),
        "The model does not give a tensor of the shape of x.",
        "Le modèle ne donne pas un tenseur de la forme de x.",
    )
    slope = float(((ends[0] - ends[1]) * cotangent).sum() / (2 * step))
    along = float(((got.T if turned else got).double() * direction).sum())
    require(
        abs(along - slope) <= 1e-3 * abs(slope),
        "The gradient of theta is not that of model(x): theta is cut off the graph somewhere.",
        "Le gradient de theta n'est pas celui de model(x) : theta est coupé du graphe quelque part.",
        mistake="one use",
    )


# --- on paper ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(student, models, rng, device):
    """Judge what grad_autoencoder returns; the sizes all differ, so that no transposed matrix fits by chance."""
    shapes = [
        {"x": (q, n), "theta": (k, n), "b1": (k,), "b2": (n,)}
        for q, n, k in ((6, 5, 3), (3, 4, 2), (1, 3, 2), (64, 4, 3))
    ]
    return GradientsByHand(
        student.grad_autoencoder,
        models.cost,
        shapes[0],
        returns=["theta", "b1", "b2"],
        rng=rng,
        also_shapes=shapes[1:],
        device=device,
    )


@pytest.mark.item("grad.theta")
def test_grad_theta(student, models, by_hand, rng):
    """grad_autoencoder gives the gradient of the loss with respect to theta.

    fr: grad_autoencoder donne le gradient de la perte par rapport à theta.
    """
    try:
        by_hand.gradient("theta")
    except CheckFailed:
        for part, other, formula in (("decode", "encode", "d.T @ x"), ("encode", "decode", "y.T @ g")):
            if is_in_part(student, models, rng, part):
                fail(
                    f"The gradient for `theta` has the part through {part} alone: add the part through {other}, "
                    f"{formula}.",
                    f"Le gradient pour `theta` n'a que la part à travers {part} : ajoutez la part à travers {other}, "
                    f"{formula}.",
                    mistake="one use",
                )
        require(
            not any(is_in_part(student, models, rng, part) for part in ("less encode", "less decode")),
            "The gradient for `theta` subtracts one of its two parts from the other: add them.",
            "Le gradient pour `theta` soustrait l'une de ses deux parts de l'autre : additionnez-les.",
            mistake="uses subtracted",
        )
        raise


@pytest.mark.item("grad.theta")
def test_grad_theta_in_part(student, models, by_hand, rng):
    """The gradient for theta is right, or right but for a factor, or it is right for one of the two uses.

    fr: Le gradient pour theta est juste, ou juste à un facteur près, ou juste pour l'un des deux usages.
    """
    try:
        by_hand.gradient("theta")
    except CheckFailed:
        if not any(is_in_part(student, models, rng, part) for part in ("encode", "decode", "both")):
            raise


def is_in_part(student, models, rng, part):
    """Tell whether the gradient for theta is that through one of its uses, or through both, but for a factor."""
    x, theta, b1, b2 = (torch.randn(*s, generator=rng, dtype=torch.float64) for s in ((6, 5), (3, 5), (3,), (5,)))
    try:
        returned = student.grad_autoencoder.without_autograd(x, theta, b1, b2)
    except StudentRaised:  # it uses autograd, which has words of its own
        return False
    got = returned[0] if isinstance(returned, tuple | list) and returned else returned
    g = 2 / len(x) * (models.reconstruction(x, theta, b1, b2) - x)
    parts = {"encode": (g @ theta.T).T @ x, "decode": (x @ theta.T + b1).T @ g}
    parts["both"] = parts["encode"] + parts["decode"]
    parts["less decode"], parts["less encode"] = parts["encode"] - parts["decode"], parts["decode"] - parts["encode"]
    right = parts[part]
    return isinstance(got, torch.Tensor) and got.shape == right.shape and proportional(got.double(), right)


def proportional(got, right):
    """Tell whether one is the other times a positive number."""
    factor = float((got * right).sum() / (right * right).sum())
    return factor > 0 and float((got - factor * right).abs().max()) <= 1e-6 * float((factor * right).abs().max())


@pytest.mark.item("grad.b1")
def test_grad_b1(by_hand):
    """grad_autoencoder gives the gradient of the loss with respect to b1.

    fr: grad_autoencoder donne le gradient de la perte par rapport à b1.
    """
    by_hand.gradient("b1")


@pytest.mark.item("grad.b2")
def test_grad_b2(by_hand):
    """grad_autoencoder gives the gradient of the loss with respect to b2.

    fr: grad_autoencoder donne le gradient de la perte par rapport à b2.
    """
    by_hand.gradient("b2")
