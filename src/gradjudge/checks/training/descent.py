"""Judge training by hand: exact trajectories. Losses and histories are judged by `gradjudge.checks.training.outcomes`.

What a training function returns is compared with a run that is fully known before the student's code sees any of it.
A loss alone cannot tell how it was reached: use a bound for the outcome and a trajectory or
`gradjudge.checks.training.batches` for the method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.verdict import CheckFailed, Text, fail, require

Parameters = Mapping[str, Tensor]
Batch = tuple[Tensor, Tensor]
Loss = Callable[[Parameters, Tensor, Tensor], Tensor]

#: Correct float32 code inside a float64 run is off by 2e-7, the smallest real mistake in five steps by 3e-2.
TRAJECTORY_TOLERANCE = 1e-6
#: Largest returned parameter: the session chooses its size, and it is converted to float64.
MOST_ENTRIES = 1 << 22


def linear_mse(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
    """Return (1/q) times the sum of squares of ``x @ w + b - y``: x (q, n), w (n, p), b (p,), y (q, p)."""
    residual = x @ parameters["w"] + parameters["b"] - y
    return (residual**2).sum() / x.shape[0]


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent that is fully known: all gradients at one point, then every parameter moves.

    Attributes:
        start: parameters by name, in the order in which the training function returns them; float64.
        batches: ``(x, y)`` of each update.
        lr: the learning rate.
        loss: cost of one batch, over `start`'s names; differentiated by autograd on this side.
    """

    start: Parameters
    batches: Sequence[Batch]
    lr: float
    loss: Loss = linear_mse

    def end(self) -> dict[str, Tensor]:
        """Return the parameters after the last update."""
        return _run(self)


class Trained(NamedTuple):
    """What a training function returned: parameters by name, and whatever came after them."""

    parameters: dict[str, Tensor]
    rest: tuple[object, ...]


def trained(returned: object, names: Sequence[str] = ("w", "b"), where: str = "train_batch") -> Trained:
    """Return the parameters that a training function returned as ``(w, b, ...)``, in the order of `names`.

    Raises:
        CheckFailed: it is not a tuple or list that long, or a parameter is not a floating point tensor, or is far too
            large.
    """
    listed = ", ".join(names)
    require(
        isinstance(returned, tuple | list) and len(returned) >= len(names),
        Text("`{where}` must return a tuple that starts with {listed}.", where=where, listed=listed),
    )
    assert isinstance(returned, tuple | list)
    parameters: dict[str, Tensor] = {}
    for name, value in zip(names, returned, strict=False):
        require(
            type(value) is Tensor and value.is_floating_point(),
            Text(
                "`{where}` returns something else than a tensor of floating point numbers for {name}.",
                where=where,
                name=name,
            ),
        )
        require(
            value.numel() <= MOST_ENTRIES,
            Text(
                "`{where}` returns a tensor for {name} that is far larger than any parameter here.",
                where=where,
                name=name,
            ),
        )
        parameters[name] = value.detach().to(torch.float64)
    return Trained(parameters, tuple(returned[len(names) :]))


def require_trajectory(
    got: Parameters, descent: Descent, *, only: Sequence[str] = (), tolerance: float = TRAJECTORY_TOLERANCE
) -> None:
    """Compare returned parameters with the exact end of a descent, and name the mistake that fits.

    Args:
        got: parameters by name, see `trained`.
        only: judge these alone; empty for all. After one step parameters do not depend on each other.
        tolerance: largest difference, relative to the largest number of the parameter or of its move.

    Vectors are compared flattened: b of shape (1, p) counts as b of shape (p,).

    Raises:
        CheckFailed: one differs; the message says which, and which common mistake gives exactly these numbers.
    """
    end = descent.end()
    judged = tuple(only) or tuple(end)
    values = {name: _fitted(got, name, descent) for name in judged}
    wrong = [name for name in judged if not _close(values[name], end[name], descent.start[name], tolerance)]
    if not wrong:
        return
    fail(
        _elsewhere(wrong, len(descent.batches), _explain(values, wrong, descent, tolerance)),
        detail="; ".join(f"{name}: got {values[name].tolist()}, expected {end[name].tolist()}" for name in wrong),
    )


def _elsewhere(wrong: Sequence[str], count: int, why: Text) -> Text:
    steps = Text("1 step") if count == 1 else Text("{count} steps", count=count)
    if len(wrong) == 1:
        return Text(
            "After {steps}, {name} is not where gradient descent goes: {why}",
            steps=steps,
            name=wrong[0],
            why=why,
            mistake=why.mistake,
        )
    return Text(
        "After {steps}, {names} are not where gradient descent goes: {why}",
        steps=steps,
        names=_listed(wrong),
        why=why,
        mistake=why.mistake,
    )


def _listed(names: Sequence[str]) -> Text | str:
    *others, last = names
    return Text("{one} and {other}", one=_listed(others), other=last) if others else last


def require_first_step(
    follow: Callable[[Descent], Parameters], descent: Descent, judge: Callable[[Parameters], None]
) -> None:
    """Judge one step; if no common mistake fits, make it again, and report a wrong factor that all gradients share.

    Args:
        follow: lets the student's function make a descent.
        descent: of one step.
        judge: compares the result, as `require_trajectory` does.

    Raises:
        CheckFailed: `judge` fails.
    """
    got = follow(descent)
    try:
        judge(got)
    except CheckFailed as failed:
        text = None if failed.text.mistake else _not_seeded_with_one(follow, descent, got)
        if text is None:
            raise
        raise CheckFailed(text, detail=failed.detail) from None


def _not_seeded_with_one(follow: Callable[[Descent], Parameters], descent: Descent, got: Parameters) -> Text | None:
    """Name what multiplies all gradients alike: the cost, some other number, or a step that is not lr."""
    if any(_row_by_row(got[name], name, descent) for name in descent.start):
        return Text(
            "The rows of the batch are kept apart: what MSE.backward gets first must be 1, the derivative of the "
            "cost with respect to itself, and no matrix.",
            mistake="first grad_output",
        )
    here, faster = _factor(got, descent), replace(descent, lr=2 * descent.lr)
    then = _factor(follow(faster), faster) if here is not None else None
    if here is None or then is None:
        return None
    if _same(2 * then, here):
        return Text("The step does not depend on lr: use the learning rate that is given.", mistake="learning rate")
    cost = float(descent.loss(descent.start, *descent.batches[0]))
    by = Text("the same number")
    if _same(here, cost):
        by = Text("the cost")
    elif not _same(then, here):
        by = Text("a number that differs from call to call")
    return Text(
        "All gradients are multiplied by {number}: what MSE.backward gets first must be 1, the derivative of the "
        "cost with respect to itself.",
        number=by,
        mistake="first grad_output",
    )


def _row_by_row(value: Tensor, name: str, descent: Descent) -> bool:
    """Return whether a parameter has become one column for each row, whose moves add up to the right one."""
    start, rows = descent.start[name], descent.batches[0][0].shape[0]
    if start.dim() != 2 or start.shape[1] != 1 or value.shape != (start.shape[0], rows):
        return False
    due = descent.end()[name] - start
    return bool(((value - start).sum(1, keepdim=True) - due).abs().max() <= TRAJECTORY_TOLERANCE * due.abs().max())


def _factor(got: Parameters, descent: Descent) -> float | None:
    """Return the factor by which all moves are too long; None if there is no such factor."""
    end = descent.end()
    if any(got[name].numel() != value.numel() for name, value in descent.start.items()):
        return None
    moves = [(got[name].reshape(value.shape) - value, end[name] - value) for name, value in descent.start.items()]
    made, due = (torch.cat([move.reshape(-1) for move in side]) for side in zip(*moves, strict=True))
    factor = float((made * due).sum() / (due * due).sum())
    close = (made - factor * due).abs().max() <= TRAJECTORY_TOLERANCE * max(abs(factor), 1e-3) * due.abs().max()
    return factor if bool(close) and factor != 0 else None


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-5 * abs(other)


def _fitted(got: Parameters, name: str, descent: Descent) -> Tensor:
    """Return a parameter in its own shape; fail unless it is finite."""
    value, start = got[name], descent.start[name]
    rows = {x.shape[0] for x, _ in descent.batches}
    if value.shape != start.shape and start.dim() <= 1 and value.numel() == start.numel():
        value = value.reshape(start.shape)
    if value.dim() == 2 and value.shape[0] in rows and value.numel() > start.numel():
        fail(
            Text(
                "{name} grew to shape {shape}: its gradient was not summed over the rows of the batch.",
                name=name,
                shape=str(list(value.shape)),
                mistake="unsummed",
            ),
        )
    require(
        value.shape == start.shape,
        Text(
            "{name} came back with shape {shape}, but it went in with {start}.",
            name=name,
            shape=str(list(value.shape)),
            start=str(list(start.shape)),
        ),
    )
    require(
        bool(torch.isfinite(value).all()),
        Text("{name} holds NaN or infinite numbers: the descent diverged.", name=name),
    )
    return value


def _close(value: Tensor, end: Tensor, start: Tensor, tolerance: float) -> bool:
    scale = max(float(end.abs().max()), float((end - start).abs().max()))
    return bool((value - end).abs().max() <= tolerance * scale)


# --- naming the mistake ---------------------------------------------------------------------------------------------


class _WrongDescent(NamedTuple):
    """The end of a descent with one common mistake in it."""

    end: Callable[[], Parameters]
    text: Text


def _explain(values: Parameters, wrong: Sequence[str], descent: Descent, tolerance: float) -> Text:
    for mistake in _mistakes(descent, wrong, values):
        end = mistake.end()
        if all(_close(values[name], end[name], descent.start[name], tolerance) for name in values):
            return mistake.text
    end = descent.end()
    distance = max(_relative(values[name], end[name]) for name in wrong)
    size = f"10^{math.ceil(math.log10(distance))}" if distance > 0 else "0"
    return Text(
        "none of the usual mistakes gives these numbers; they are off by at most {size}, relatively.", size=size
    )


def _relative(value: Tensor, end: Tensor) -> float:
    return float((value - end).abs().max() / end.abs().max().clamp_min(1e-30))


def _mistakes(descent: Descent, wrong: Sequence[str], values: Parameters) -> Iterator[_WrongDescent]:
    yield from _frozen(descent, wrong, values)
    yield from _scaled(descent, wrong)
    yield from _paced(descent)
    yield from _broadcast(descent)
    for last in descent.start:
        order = [*(name for name in descent.start if name != last), last]
        yield _WrongDescent(
            partial(_run, descent, one_by_one=order),
            Text(
                "{first} moves before the gradient of {last} is computed; compute all gradients first, then move.",
                first=order[0],
                last=last,
                mistake="one by one",
            ),
        )


def _broadcast(descent: Descent) -> Iterator[_WrongDescent]:
    """Subtract a flat y from a column: every row is compared with every other one."""
    if any(y.dim() != 2 or y.shape[1] != 1 or y.shape[0] == 1 for _, y in descent.batches):
        return
    for power in (1, 0):  # of the number of rows: the mean over all pairs, or their sum over the rows

        def loss(parameters: Parameters, x: Tensor, y: Tensor, power: int = power) -> Tensor:
            return descent.loss(parameters, x, y.reshape(-1)) / float(x.shape[0] ** power)

        yield _WrongDescent(
            partial(_run, replace(descent, loss=loss)),
            Text(
                "each row is compared with the y of every row: (q, 1) minus (q,) is (q, q); give both the same shape.",
                mistake="broadcast",
            ),
        )


def _frozen(descent: Descent, wrong: Sequence[str], values: Parameters) -> Iterator[_WrongDescent]:
    everything = tuple(descent.start)
    judged = [tuple(values)] if len(values) > 1 else []  # nothing is known of parameters that are not judged
    for names in (*judged, *((name,) for name in values)):
        text = Text("{name} did not move at all.", name=names[0], mistake=f"frozen {names[0]}")
        if len(names) > 1:
            text = Text("{names} did not move at all.", names=_listed(names), mistake="frozen")
        yield _WrongDescent(partial(_run, descent, factors=dict.fromkeys(names, 0.0)), text)
    if any(name in wrong for name in everything):
        zero = {name: torch.zeros_like(value) for name, value in descent.start.items()}
        yield _WrongDescent(
            partial(_run, replace(descent, start=zero)),
            Text("it starts from zeros, not from the parameters that were given.", mistake="start"),
        )


def _scaled(descent: Descent, wrong: Sequence[str]) -> Iterator[_WrongDescent]:
    """Multiply the gradients of all parameters, or of a wrong one, by a common factor."""
    x, y = descent.batches[0]
    rows, columns = float(x.shape[0]), float(y.shape[-1])
    factors = [
        (-1.0, Text("the sign is wrong, it climbs", mistake="sign")),
        (0.5, Text("a factor 2 is missing", mistake="factor 1/2")),
        (2.0, Text("there is a factor 2 too many", mistake="factor 2")),
        (rows, Text("the division by the number of rows is missing", mistake="factor q")),
        (rows / 2, Text("the division by the number of rows and the factor 2 are missing", mistake="factor q/2")),
        (1 / rows, Text("it is divided by the number of rows twice", mistake="factor 1/q")),
        (1 / columns, Text("it is divided by the number of columns too", mistake="factor 1/p")),
        (columns, Text("it is multiplied by the number of columns", mistake="factor p")),
    ]
    groups = [tuple(descent.start), *((name,) for name in wrong)]
    for factor, what in factors:
        if factor == 1.0:
            continue
        for names in groups:
            text = Text("{what}.", what=what, mistake=what.mistake)
            if len(names) == 1:
                text = Text("in the gradient of {name}, {what}.", name=names[0], what=what, mistake=what.mistake)
            yield _WrongDescent(partial(_run, descent, factors=dict.fromkeys(names, factor)), text)


def _paced(descent: Descent) -> Iterator[_WrongDescent]:
    steps = len(descent.batches)
    yield _WrongDescent(
        partial(_run, descent, accumulate=True),
        Text("gradients of earlier steps are still in it; set them to zero before each backward.", mistake="zero_grad"),
    )
    for count in (steps + 1, steps - 1, 1):
        if count != steps and count > 0:
            batches = [*descent.batches, descent.batches[-1]][:count]
            key = "too few steps" if count < steps else "too many steps"
            text = Text("{count} steps were made instead of {steps}.", count=count, steps=steps, mistake=key)
            if count == 1:
                text = Text("1 step was made instead of {steps}.", steps=steps, mistake=key)
            yield _WrongDescent(partial(_run, replace(descent, batches=batches)), text)


def _run(
    descent: Descent,
    *,
    factors: Mapping[str, float] | None = None,
    accumulate: bool = False,
    one_by_one: Sequence[str] = (),
) -> dict[str, Tensor]:
    """Descend, correctly or with one mistake."""
    now = {name: value.to(torch.float64).clone() for name, value in descent.start.items()}
    total = {name: torch.zeros_like(value) for name, value in now.items()}
    steps = {name: descent.lr * (factors or {}).get(name, 1.0) for name in now}
    for x, y in descent.batches:
        for name in one_by_one:
            now[name] = now[name] - steps[name] * _gradients(descent.loss, now, x, y)[name]
        if one_by_one:
            continue
        gradients = _gradients(descent.loss, now, x, y)
        if accumulate:
            total = gradients = {name: total[name] + gradients[name] for name in now}
        now = {name: now[name] - steps[name] * gradients[name] for name in now}
    return now


def _gradients(loss: Loss, parameters: Parameters, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    with torch.enable_grad():
        cost = loss(leaves, x, y)
    found = torch.autograd.grad(cost, list(leaves.values()), allow_unused=True)
    return {
        name: torch.zeros_like(parameters[name]) if gradient is None else gradient
        for name, gradient in zip(leaves, found, strict=True)
    }
