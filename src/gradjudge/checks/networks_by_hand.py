"""Networks of one hidden layer that are trained by hand: their exact descent, and the mistakes that are usual in it.

The parameters are called w1, b1, w2 and b2, in this order, of shapes (n, h), (h,), (h, p) and (p,). The network is
``activation(x @ w1 + b1) @ w2 + b2``, its cost (1/q) times the sum of squares over rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.tolerance import difference, tolerance
from gradjudge.checks.training import TRAJECTORY_TOLERANCE, Descent, Loss, Parameters, require_trajectory
from gradjudge.checks.verdict import CheckFailed, Text

NAMES = ("w1", "b1", "w2", "b2")
#: Functions that students have at hand, and may use whatever activation they are given.
KNOWN_ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu, "sigmoid": torch.sigmoid}

Activation = Callable[[Tensor], Tensor]


def drawn_network(rng: torch.Generator, n: int, hidden: int, p: int, *, bias: float = 0.0) -> dict[str, Tensor]:
    """Draw parameters, float64: weights are normal with variance 1 / fan-in, biases `bias` times standard normal."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return {
        "w1": normal(n, hidden) / n**0.5,
        "b1": normal(hidden) * bias,
        "w2": normal(hidden, p) / hidden**0.5,
        "b2": normal(p) * bias,
    }


def outputs(parameters: Parameters, x: Tensor, activation: Activation) -> Tensor:
    """Return what the network gives, (q, p). x: (q, n)."""
    return activation(x @ parameters["w1"] + parameters["b1"]) @ parameters["w2"] + parameters["b2"]


def wrong_outputs(parameters: Parameters, x: Tensor, activation: Activation) -> Iterator[tuple[Tensor, Text]]:
    """Give what usual mistakes make of the network's outputs, each with its name, as a predicate of the function."""
    yield (
        activation(outputs(parameters, x, activation)),
        Text.own("applies the activation after the last layer as well", "applique l'activation aussi après la dernière "
             "couche", "activation at the end"),
    )  # fmt: skip
    yield (
        outputs(parameters, x, lambda a: a),
        Text.own("leaves the activation out", "oublie l'activation", "no activation"),
    )
    for name, known in KNOWN_ACTIVATIONS.items():
        en, fr = (
            f"uses {name} where another activation is given",
            f"utilise {name} alors qu'une autre activation est donnée",
        )
        yield outputs(parameters, x, known), Text.own(en, fr, "other activation")
    for name in ("b1", "b2"):
        rest = {**parameters, name: torch.zeros_like(parameters[name])}
        yield outputs(rest, x, activation), Text.own(f"forgets {name}", f"oublie {name}", f"without {name}")


def network_mse(activation: Activation) -> Loss:
    """Make the cost of the network, to be differentiated by autograd, for `Descent` and `outcomes.loss_on`."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        return _mse(outputs(parameters, x, activation), y)

    return loss


def require_network_trajectory(
    got: Parameters, descent: Descent, activation: Activation, *, only: Sequence[str] = ()
) -> None:
    """Compare returned parameters with the exact end of a descent, and name the mistake that fits.

    To the mistakes that `training.require_trajectory` knows (frozen, scaled, one after the other, ...) come those of
    the chain: the activation's derivative left out, or taken at its output; the activation left out, or applied after
    the last layer as well; another activation than the one given; w2 moved before the gradient passes through it.

    Args:
        got: parameters by name, see `training.trained`.
        descent: with `network_mse(activation)` as its loss.
        activation: the function, in plain torch.
        only: judge these alone; empty for all. After one step parameters do not depend on each other.

    Raises:
        CheckFailed: one differs.
    """
    try:
        require_trajectory(got, descent, only=only)
    except CheckFailed as failed:
        judged = tuple(only) or NAMES
        mistakes = [_unmoved(descent, judged), *_mistakes(descent, activation)]
        fitting = next((mistake for mistake in mistakes if _fits(got, mistake.descent.end(), judged)), None)
        if fitting is None:
            raise
        names_en, names_fr = _listed(judged, "and"), _listed(judged, "et")
        raise CheckFailed(
            Text.own(
                f"{names_en} {'is' if len(judged) == 1 else 'are'} not where gradient descent goes: {fitting.text.en}",
                f"{names_fr} {'n’est' if len(judged) == 1 else 'ne sont'} pas là où mène la descente de gradient : "
                f"{fitting.text.fr}",
                fitting.text.mistake,
            ),
            detail=failed.detail,
        ) from None


def _listed(names: Sequence[str], last: str) -> str:
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end


def _fits(got: Parameters, end: Parameters, judged: Sequence[str]) -> bool:
    allowed = tolerance("cpu", torch.float64)
    return all(
        got[name].numel() == end[name].numel()
        and difference(got[name], end[name], allowed) <= TRAJECTORY_TOLERANCE  # False for NaN
        for name in judged
    )


class _Mistake(NamedTuple):
    """A descent with one usual mistake of the chain in it."""

    descent: Descent
    text: Text


def _unmoved(descent: Descent, judged: Sequence[str]) -> _Mistake:
    """Say that what is judged did not move; of the rest nothing is known."""
    of = judged[0] if len(judged) == 1 else ""
    text = Text.own(
        f"{of or 'they'} did not move at all.",
        f"{of or 'ils'} n'{'a' if of else 'ont'} pas bougé du tout.",
        f"frozen {of}".strip(),
    )
    return _Mistake(replace(descent, batches=[]), text)


def _mistakes(descent: Descent, activation: Activation) -> Iterator[_Mistake]:
    def wrong(loss: Loss, key: str, en: str, fr: str) -> _Mistake:
        return _Mistake(replace(descent, loss=loss), Text.own(en, fr, key))

    yield wrong(
        _with_slope(activation, lambda a, _h: torch.ones_like(a)),
        "local derivative",
        "the derivative of the activation is left out; what `activation.backward` returns goes on to the first layer.",
        "la dérivée de l'activation manque ; c'est ce que renvoie `activation.backward` qui va à la première couche.",
    )
    yield wrong(
        _with_slope(activation, lambda _a, h: _slope(activation, h)),
        "at output",
        "the derivative of the activation is taken at its output, not at its input.",
        "la dérivée de l'activation est prise en sa sortie, et non en son entrée.",
    )
    yield wrong(
        network_mse(lambda a: a),
        "no activation",
        "the activation is left out.",
        "l'activation manque.",
    )
    yield wrong(
        _with_slope(lambda a: a, lambda a, _h: _slope(activation, a)),
        "no activation",
        "the activation is left out of the forward pass, though its derivative is in the backward pass.",
        "l'activation manque dans la passe avant, alors que sa dérivée est dans la passe arrière.",
    )
    yield wrong(
        lambda parameters, x, y: _mse(activation(outputs(parameters, x, activation)), y),
        "activation at the end",
        "the activation is applied after the last layer as well.",
        "l'activation est appliquée aussi après la dernière couche.",
    )
    yield wrong(
        _second_layer_first(activation, descent.lr),
        "one by one",
        "w2 moves before the gradient passes through it; compute all gradients first, then move.",
        "w2 bouge avant que le gradient ne le traverse ; calculez tous les gradients, puis déplacez.",
    )
    yield wrong(
        _first_layer_first(activation, descent.lr),
        "one by one",
        "the first layer moves before the gradients of w2 and b2 are computed; compute all gradients first, then move.",
        "la première couche bouge avant le calcul des gradients de w2 et b2 ; calculez tous les gradients, puis "
        "déplacez.",
    )
    for name, known in KNOWN_ACTIVATIONS.items():
        yield wrong(
            network_mse(known),
            "other activation",
            f"it uses {name} where another activation is given.",
            f"elle utilise {name} alors qu'une autre activation est donnée.",
        )


def _mse(yhat: Tensor, y: Tensor) -> Tensor:
    return ((yhat - y) ** 2).sum() / y.shape[0]


def _slope(activation: Activation, at: Tensor) -> Tensor:
    leaf = at.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(activation(leaf).sum(), leaf)
    return slope


def _with_slope(activation: Activation, slope: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """Make a cost with the right value whose gradient takes ``slope(a, h)`` for the activation's derivative."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        a = x @ parameters["w1"] + parameters["b1"]
        h = activation(a).detach()
        h = h + slope(a.detach(), h) * (a - a.detach())
        return _mse(h @ parameters["w2"] + parameters["b2"], y)

    return loss


def _second_layer_first(activation: Activation, lr: float) -> Loss:
    """Make a cost whose gradient reaches the first layer through the w2 of after the step."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        h = activation(x @ parameters["w1"] + parameters["b1"])
        w2, b2 = parameters["w2"], parameters["b2"]
        dyhat = (2 / x.shape[0] * (h @ w2 + b2 - y)).detach()
        moved = (w2 - lr * h.T @ dyhat).detach()
        return (dyhat * (h.detach() @ w2 + b2 + h @ moved)).sum()

    return loss


def _first_layer_first(activation: Activation, lr: float) -> Loss:
    """Make a cost whose gradients for w2 and b2 are taken where the first layer is after the step."""
    cost = network_mse(activation)

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        here = {name: value.detach() for name, value in parameters.items()}
        first = {name: parameters[name] for name in ("w1", "b1")}
        before = cost({**here, **first}, x, y)
        gradients = torch.autograd.grad(before, list(first.values()), retain_graph=True)
        moved = {name: here[name] - lr * one for name, one in zip(first, gradients, strict=True)}
        return before + cost({**parameters, **moved}, x, y)

    return loss
