"""A network with one hidden layer: its start, its outputs, its distinct neurons."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.comparison import Due, flaw_in
from gradjudge.checks.instruments import generator
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.training.descent import trained
from gradjudge.checks.training.networks_by_hand import NAMES
from gradjudge.checks.verdict import Text, fail, require

# --- the start ------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(student):
    """Ask init_mlp for parameters: ``drawn(seed, n, hidden, p)``, by name."""

    def draw(seed, n, hidden, p):
        return trained(student.init_mlp(n, hidden, p, generator(student, seed)), NAMES, where="init_mlp").parameters

    return draw


@pytest.mark.item("init_mlp")
def test_init_mlp_shapes(drawn):
    """init_mlp gives w1 (n, hidden), b1 (hidden,), w2 (hidden, p), b2 (p,), and the biases are zero.

    fr: init_mlp donne w1 (n, hidden), b1 (hidden,), w2 (hidden, p), b2 (p,), et les biais sont nuls.
    """
    params = drawn(3, 6, 4, 2)
    for name, shape in zip(NAMES, ((6, 4), (4,), (4, 2), (2,)), strict=True):
        found = list(params[name].shape)
        require(
            found == list(shape) or (len(shape) == 1 and found == [1, *shape]),
            f"`init_mlp` gives {name} of shape {found}.",
            f"`init_mlp` donne {name} de forme {found}.",
        )
    require(
        not params["b1"].any() and not params["b2"].any(),
        "`init_mlp`: the biases are not zero.",
        "`init_mlp` : les biais ne sont pas nuls.",
    )


@pytest.mark.item("init_mlp")
def test_init_mlp_law(drawn):
    """The weights of init_mlp are normal, with mean 0 and variance 1 / fan-in.

    fr: Les poids de init_mlp suivent une loi normale de moyenne 0 et de variance 1 / fan-in.
    """
    params = drawn(4, 100, 400, 60)
    for name, inputs, outputs in (("w1", 100, 400), ("w2", 400, 60)):
        numbers = params[name].reshape(-1)
        require(numbers.numel() > 1000, f"{name} is too small.", f"{name} est trop petit.")
        ratio = float(numbers.std()) * inputs**0.5
        require(
            0.95 < ratio < 1.05,
            f"The deviation of {name} is not 1 / sqrt(fan-in): {_usual(ratio, inputs, outputs)[0]}.",
            f"L'écart-type de {name} n'est pas 1 / sqrt(fan-in) : {_usual(ratio, inputs, outputs)[1]}.",
        )
        normal = numbers * inputs**0.5
        require(
            bool(normal.mean().abs() < 0.05) and bool((normal.abs() > 1.95).any()),
            f"{name} does not follow a normal law of mean 0.",
            f"{name} ne suit pas une loi normale de moyenne 0.",
        )


def _usual(ratio: float, inputs: int, outputs: int) -> tuple[str, str]:
    """Name the usual mistake behind a deviation that is `ratio` times what it should be."""
    for factor, en, fr in (
        (0.0, "the weights are all equal", "les poids sont tous égaux"),
        (inputs**0.5, "they are not divided at all", "ils ne sont pas divisés du tout"),
        (inputs**-0.5, "1 / fan-in is the variance, not the deviation", "1 / fan-in est la variance, pas l'écart-type"),
        (0.01 * inputs**0.5, "it is 0.01, as on the sheet", "il vaut 0,01, comme sur la feuille"),
        (
            (inputs / outputs) ** 0.5,
            "the outputs of the layer were counted, not its inputs",
            "ce sont les sorties de la couche qui ont été comptées, pas ses entrées",
        ),
    ):
        if abs(ratio - factor) <= 0.05 * max(factor, 1e-3):
            return en, fr
    return ("it is too large", "il est trop grand") if ratio > 1 else ("it is too small", "il est trop petit")


@pytest.mark.item("init_mlp")
def test_init_mlp_generator(drawn):
    """All randomness of init_mlp comes from the generator: same seed, same weights; another seed, other weights.

    fr: Tout le hasard de init_mlp vient du générateur : même graine, mêmes poids ; autre graine, autres poids.
    """
    first, same, other = (drawn(seed, 6, 8, 2) for seed in (7, 7, 8))
    for name in ("w1", "w2"):
        require(
            torch.equal(first[name], same[name]),
            f"Two generators of the same seed do not give the same {name}: draw from `generator`.",
            f"Deux générateurs de même graine ne donnent pas le même {name} : tirez de `generator`.",
            mistake="generator",
        )
        require(
            not torch.equal(first[name], other[name]),
            f"Two generators of different seeds give the same {name}.",
            f"Deux générateurs de graines différentes donnent le même {name}.",
        )


# --- the outputs ----------------------------------------------------------------------------------------------------


def _require_outputs(asked, device):
    got, right, usual = asked
    due = Due(right, Text.own("(q, p)", "(q, p)"))
    flaw = flaw_in(got, due, tolerance(device, torch.float64))
    for wrong, text in usual if flaw is not None else ():
        if flaw_in(got, Due(wrong, due.shape), tolerance(device, torch.float64)) is None:
            fail(f"`predict` {text.said('en')}.", f"`predict` {text.said('fr')}.", mistake=text.mistake)
    if flaw is not None:
        fail(f"The result of `predict` {flaw.text.said('en')}.", f"Le résultat de `predict` {flaw.text.said('fr')}.")


@pytest.mark.item("predict")
def test_predict_tanh(predicted, device):
    """predict gives the outputs of the network with Tanh.

    fr: predict donne les sorties du réseau avec Tanh.
    """
    _require_outputs(predicted("Tanh"), device)


@pytest.mark.item("predict")
def test_predict_any_activation(predicted, device):
    """predict goes through the activation that it is given, known or not.

    fr: predict passe par l'activation qu'on lui donne, connue ou non.
    """
    for name in ("ReLU", "Sigmoid", "Ripple"):
        _require_outputs(predicted(name), device)


# --- symmetry -------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(student):
    """Ask distinct_units how many neurons are distinct, and require the right count: ``counted(params, right)``."""

    def count(params, right, *options):
        found = student.distinct_units([*params, torch.zeros(2, dtype=torch.float64)], *options)
        if isinstance(found, torch.Tensor) and found.numel() == 1:
            found = found.item()
        require(
            isinstance(found, int | float),
            "`distinct_units` must return a number.",
            "`distinct_units` doit renvoyer un nombre.",
        )
        hidden = params[0].shape[1]
        require(
            found == right,
            f"`distinct_units` counts wrongly: {'too many' if found > right else 'too few'} of {hidden} neurons.",
            f"`distinct_units` compte mal : {'trop' if found > right else 'trop peu'} de neurones sur {hidden}.",
            detail=f"counted {found}, expected {right}",
        )

    return count


def _neurons(rng, hidden):
    """Draw w1 (3, hidden), b1 (hidden,) and w2 (hidden, 2): quarters, so that rounding to decimals is right too.

    The first entry of w1 is another one for each neuron: no two are identical by chance. The numbers of each sum to 0.
    """
    w1, b1, w2 = (
        torch.randint(-8, 9, shape, generator=rng).double() / 4 for shape in ((3, hidden), (hidden,), (hidden, 2))
    )
    w1[0] = torch.randperm(hidden, generator=rng).double() / 4
    w2[:, 1] = -(w1.sum(0) + b1 + w2[:, 0])
    return [w1, b1, w2]


@pytest.mark.item("distinct_units")
def test_distinct_units_identical(counted, rng):
    """Identical neurons count once, wherever they stand; different ones all count.

    fr: Des neurones identiques ne comptent qu'une fois, où qu'ils soient ; des neurones différents comptent tous.
    """
    w1, b1, w2 = _neurons(rng, 6)
    counted([w1, b1, w2], 6)
    some = torch.tensor([0, 1, 2, 0, 3, 4, 2, 5, 0])
    counted([w1[:, some], b1[some], w2[some]], 6)
    counted([torch.zeros_like(w1), torch.zeros_like(b1), torch.zeros_like(w2)], 1)
    counted([torch.full_like(w1, 0.5), torch.zeros_like(b1), torch.full_like(w2, 0.5)], 1)


@pytest.mark.item("distinct_units")
def test_distinct_units_one_number(counted):
    """Neurons that differ in a single number, be it of w1, b1 or w2, are distinct.

    fr: Des neurones qui diffèrent par un seul nombre, de w1, de b1 ou de w2, sont distincts.
    """
    for other in (0.75, 0.25):  # larger and smaller: the sign of the gap does not matter
        for index, place in ((0, (2, 1)), (1, (1,)), (2, (1, 1)), (2, (1, 0))):
            params = [torch.full(shape, 0.5, dtype=torch.float64) for shape in ((3, 4), (4,), (4, 2))]
            params[index][place] = other
            counted(params, 2)


@pytest.mark.item("distinct_units")
def test_distinct_units_tolerance(counted, rng):
    """Neurons that are equal to within the tolerance are identical.

    fr: Des neurones égaux à la tolérance près sont identiques.
    """
    neurons = _neurons(rng, 5)
    some = torch.tensor([0, 1, 2, 3, 4, 1, 3])
    twice = [neurons[0][:, some], neurons[1][some], neurons[2][some]]
    near = [value + 1e-8 * torch.rand(value.shape, generator=rng, dtype=torch.float64) for value in twice]
    counted(near, 5)
    counted(near, 7, 1e-12)
