"""Networks with one hidden layer that are trained by hand: their exact descent, and the common mistakes in it.

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
from gradjudge.checks.training.descent import TRAJECTORY_TOLERANCE, Descent, Loss, Parameters, require_trajectory
from gradjudge.checks.verdict import CheckFailed, Text

NAMES = ("w1", "b1", "w2", "b2")
#: Functions that students may use instead of the activation that they are given.
KNOWN_ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu, "sigmoid": torch.sigmoid}

Activation = Callable[[Tensor], Tensor]


def drawn_network(rng: torch.Generator, n: int, hidden: int, p: int, *, bias: float = 0.0) -> dict[str, Tensor]:
    """Draw float64 parameters: weights are normal with variance 1 / fan-in, biases `bias` times standard normal."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return {
        "w1": normal(n, hidden) / n**0.5,
        "b1": normal(hidden) * bias,
        "w2": normal(hidden, p) / hidden**0.5,
        "b2": normal(p) * bias,
    }


def outputs(parameters: Parameters, x: Tensor, activation: Activation) -> Tensor:
    """Return the network's outputs, (q, p), for x, (q, n)."""
    return activation(x @ parameters["w1"] + parameters["b1"]) @ parameters["w2"] + parameters["b2"]


def wrong_outputs(parameters: Parameters, x: Tensor, activation: Activation) -> Iterator[tuple[Tensor, Text]]:
    """Yield the network's outputs under common mistakes, each with its name, as a predicate of the function."""
    yield (
        activation(outputs(parameters, x, activation)),
        Text("applies the activation after the last layer as well", mistake="activation at the end"),
    )
    yield outputs(parameters, x, lambda a: a), Text("leaves the activation out", mistake="no activation")
    for name, known in KNOWN_ACTIVATIONS.items():
        text = Text("uses {name} where another activation is given", name=name, mistake="other activation")
        yield outputs(parameters, x, known), text
    for name in ("b1", "b2"):
        rest = {**parameters, name: torch.zeros_like(parameters[name])}
        yield outputs(rest, x, activation), Text("forgets {name}", name=name, mistake=f"without {name}")


def network_mse(activation: Activation) -> Loss:
    """Return the cost of the network, to be differentiated by autograd, for `Descent` and `outcomes.loss_on`."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        return _mse(outputs(parameters, x, activation), y)

    return loss


def require_network_trajectory(
    got: Parameters, descent: Descent, activation: Activation, *, only: Sequence[str] = ()
) -> None:
    """Compare returned parameters with the exact end of a descent, and name the mistake that fits.

    Besides the mistakes that `descent.require_trajectory` knows (frozen, scaled, one by one, ...) it names those of the
    chain rule: the activation's derivative left out, or taken at its output; the activation left out, or applied after
    the last layer as well; another activation than the one given; w2 moved before the gradient passes through it.

    Args:
        got: parameters by name, see `descent.trained`.
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
        raise CheckFailed(_elsewhere(judged, fitting.text), detail=failed.detail) from None


def _elsewhere(names: Sequence[str], why: Text) -> Text:
    *first, last = names
    if not first:
        return Text("{name} is not where gradient descent goes: {why}", name=last, why=why, mistake=why.mistake)
    both = Text("{one} and {other}", one=", ".join(first), other=last)
    return Text("{names} are not where gradient descent goes: {why}", names=both, why=why, mistake=why.mistake)


def _fits(got: Parameters, end: Parameters, judged: Sequence[str]) -> bool:
    allowed = tolerance("cpu", torch.float64)
    return all(
        got[name].numel() == end[name].numel()
        and difference(got[name], end[name], allowed) <= TRAJECTORY_TOLERANCE  # False for NaN
        for name in judged
    )


class _WrongNetworkDescent(NamedTuple):
    """A descent with one common mistake in its chain rule."""

    descent: Descent
    text: Text


def _unmoved(descent: Descent, judged: Sequence[str]) -> _WrongNetworkDescent:
    """Say that what is judged did not move; nothing is known of the rest."""
    text = Text("they did not move at all.", mistake="frozen")
    if len(judged) == 1:
        text = Text("{name} did not move at all.", name=judged[0], mistake=f"frozen {judged[0]}")
    return _WrongNetworkDescent(replace(descent, batches=[]), text)


def _mistakes(descent: Descent, activation: Activation) -> Iterator[_WrongNetworkDescent]:
    def wrong(loss: Loss, text: Text) -> _WrongNetworkDescent:
        return _WrongNetworkDescent(replace(descent, loss=loss), text)

    yield wrong(
        _with_slope(activation, lambda a, _h: torch.ones_like(a)),
        Text(
            "the derivative of the activation is left out; what `activation.backward` returns goes on to the first "
            "layer.",
            mistake="local derivative",
        ),
    )
    yield wrong(
        _with_slope(activation, lambda _a, h: _slope(activation, h)),
        Text("the derivative of the activation is taken at its output, not at its input.", mistake="at output"),
    )
    yield wrong(network_mse(lambda a: a), Text("the activation is left out.", mistake="no activation"))
    yield wrong(
        _with_slope(lambda a: a, lambda a, _h: _slope(activation, a)),
        Text(
            "the activation is left out of the forward pass, though its derivative is in the backward pass.",
            mistake="no activation",
        ),
    )
    yield wrong(
        lambda parameters, x, y: _mse(activation(outputs(parameters, x, activation)), y),
        Text("the activation is applied after the last layer as well.", mistake="activation at the end"),
    )
    yield wrong(
        _second_layer_first(activation, descent.lr),
        Text(
            "w2 moves before the gradient passes through it; compute all gradients first, then move.",
            mistake="one by one",
        ),
    )
    yield wrong(
        _first_layer_first(activation, descent.lr),
        Text(
            "the first layer moves before the gradients of w2 and b2 are computed; compute all gradients first, then "
            "move.",
            mistake="one by one",
        ),
    )
    for name, known in KNOWN_ACTIVATIONS.items():
        text = Text("it uses {name} where another activation is given.", name=name, mistake="other activation")
        yield wrong(network_mse(known), text)


def _mse(yhat: Tensor, y: Tensor) -> Tensor:
    return ((yhat - y) ** 2).sum() / y.shape[0]


def _slope(activation: Activation, at: Tensor) -> Tensor:
    leaf = at.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(activation(leaf).sum(), leaf)
    return slope


def _with_slope(activation: Activation, slope: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """Return a cost of the right value whose gradient has ``slope(a, h)`` for the activation's derivative."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        a = x @ parameters["w1"] + parameters["b1"]
        h = activation(a).detach()
        h = h + slope(a.detach(), h) * (a - a.detach())
        return _mse(h @ parameters["w2"] + parameters["b2"], y)

    return loss


def _second_layer_first(activation: Activation, lr: float) -> Loss:
    """Return a cost whose gradient reaches the first layer through w2 as it is after the step."""

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        h = activation(x @ parameters["w1"] + parameters["b1"])
        w2, b2 = parameters["w2"], parameters["b2"]
        dyhat = (2 / x.shape[0] * (h @ w2 + b2 - y)).detach()
        moved = (w2 - lr * h.T @ dyhat).detach()
        return (dyhat * (h.detach() @ w2 + b2 + h @ moved)).sum()

    return loss


def _first_layer_first(activation: Activation, lr: float) -> Loss:
    """Return a cost whose gradients for w2 and b2 are taken with the first layer as it is after the step."""
    cost = network_mse(activation)

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        here = {name: value.detach() for name, value in parameters.items()}
        first = {name: parameters[name] for name in ("w1", "b1")}
        before = cost({**here, **first}, x, y)
        gradients = torch.autograd.grad(before, list(first.values()), retain_graph=True)
        moved = {name: here[name] - lr * one for name, one in zip(first, gradients, strict=True)}
        return before + cost({**parameters, **moved}, x, y)

    return loss
