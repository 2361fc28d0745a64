"""Judge what training reaches: losses on rows the session never sees, histories, speed, the largest stable step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gradjudge.checks.comparison import number_in
from gradjudge.checks.training.descent import Batch, Descent, Loss, Parameters, linear_mse
from gradjudge.checks.verdict import Text, fail, require

LONGEST_HISTORY = 1_000_000
#: A history may end this share off the cost of the returned parameters, as it may hold costs of the epoch's start.
HISTORY_MARGIN = 0.25
#: Relative and absolute error allowed in reported costs of a known descent: float32, rounding to three digits.
TOLD_MARGIN = 5e-3
ROUNDED = 1e-3
MOST_EPOCHS = 100_000
HISTORY = Text("The history")


def loss_on(parameters: Parameters, start: Parameters, rows: Batch, loss: Loss = linear_mse) -> float:
    """Return the loss of returned parameters on rows that stay on this side.

    Args:
        parameters: what the student's training returned, see `gradjudge.checks.training.descent.trained`.
        start: parameters of the right shapes; vectors may also come back as (1, p).
        rows: ``(x, y)``.

    Raises:
        CheckFailed: a shape is wrong, which a broadcast would hide.
    """
    fitted: dict[str, Tensor] = {}
    for name, due in start.items():
        value = parameters[name]
        if due.dim() <= 1 and value.numel() == due.numel():
            value = value.reshape(due.shape)
        require(
            value.shape == due.shape,
            Text(
                "{name} came back with shape {shape} where {due} is expected.",
                name=name,
                shape=str(list(value.shape)),
                due=str(list(due.shape)),
            ),
        )
        fitted[name] = value.to(torch.float64)
    return float(loss(fitted, *rows))


def require_loss(value: float, bound: float) -> None:
    """Require a loss to be at most `bound`; NaN and infinity fail.

    Raises:
        CheckFailed: it is not; the message gives only the order of magnitude.
    """
    if value <= bound:
        return
    if not math.isfinite(value):
        fail(Text("The loss on rows that your code has not seen is not a finite number: the descent diverged."))
    fail(
        Text(
            "The loss on rows that your code has not seen is {times} the largest that a right descent reaches.",
            times=_times(value / bound),
        ),
        detail=f"loss {value:.6g}, bound {bound:.6g}",
    )


def _times(ratio: float) -> Text:
    for limit, text in (
        (1.5, Text("a little more than")),
        (4, Text("about twice")),
        (30, Text("about ten times")),
        (300, Text("about a hundred times")),
    ):
        if ratio < limit:
            return text
    return Text("more than a hundred times")


def losses_of(history: object, epochs: int) -> list[float]:
    """Return a history as one number per epoch; 0-dim tensors, a 1-d tensor and ``[epoch, loss]`` pairs are right too.

    Raises:
        CheckFailed: it is something else, has another length, or a number is not finite.
    """
    if type(history) is Tensor and history.is_floating_point() and 1 <= history.dim() <= 2:
        history = history.tolist() if history.numel() <= LONGEST_HISTORY else None
    require(
        isinstance(history, list | tuple) and len(history) == epochs,
        Text(
            "The history must be a list with one number for each of the {epochs} epochs.",
            epochs=epochs,
            mistake="history",
        ),
    )
    assert isinstance(history, list | tuple)
    losses = [_number(entry) for entry in history]
    require(all(math.isfinite(loss) for loss in losses), Text("The history holds something else than finite numbers."))
    return losses


def _number(entry: object) -> float:
    if isinstance(entry, list | tuple) and len(entry) == 2:
        entry = entry[1]
    number = number_in(entry)
    return math.nan if number is None else float(number)


def require_falling_history(history: object, epochs: int, last: float | None) -> None:
    """Require a history of the right length that falls, and ends at the cost of the returned parameters.

    Args:
        history: what training returned.
        epochs: the number of epochs.
        last: cost of the returned parameters over the training rows, from this side; None not to compare.

    Costs at the start or the end of an epoch, or the mean over its batches, are all right.

    Raises:
        CheckFailed: it does not fall, or its last number is far from `last`.
    """
    losses = losses_of(history, epochs)
    require(losses[-1] < losses[0], Text("The history does not fall from the first epoch to the last."))
    require(
        last is None or abs(losses[-1] - last) <= HISTORY_MARGIN * last,
        Text("The last number of the history is not the cost of the parameters that were returned."),
        detail=f"history ends at {losses[-1]:.6g}, the parameters cost {last}",
    )


def costs_along(descent: Descent) -> list[float]:
    """Return the costs along a descent: of the first batch at the start, then of each update's batch after it."""
    now, costs = dict(descent.start), [float(descent.loss(descent.start, *descent.batches[0]))]
    for batch in descent.batches:
        now = Descent(now, [batch], descent.lr, descent.loss).end()
        costs.append(float(descent.loss(now, *batch)))
    return costs


def require_told(
    losses: Sequence[float],
    costs: Sequence[float],
    what: Text = HISTORY,
    *,
    each: int = 1,
    slack: int = 0,
    paid: bool = False,
) -> None:
    """Require the losses that training reports to be costs that it has had, each within its own epoch.

    The cost at the start of the epoch, at its end, of its last batch or a mean over its batches are all right.

    Args:
        losses: what is judged.
        costs: at the start and after each update, as far as they are known: later epochs are not judged.
        what: names what is judged, a singular subject.
        each: updates in one epoch.
        slack: epochs by which the first number may be early or late.
        paid: the descent is wrong, which was paid for elsewhere, and `costs` are its own, found by shorter runs: the
            losses may be in another unit (a sum for a mean), and a rough match will do.

    Raises:
        CheckFailed: a number does not fit.
    """
    told = any(_tells(losses, costs, each, shift, paid) for shift in range(-slack, slack + 1))
    require(
        told,
        Text(
            "{what} does not hold the costs of the descent: in each epoch the cost at its start (or at its end) is "
            "due.",
            what=what,
            mistake="" if paid or slack else "history",
        ),
    )


def _tells(losses: Sequence[float], costs: Sequence[float], each: int, shift: int, paid: bool) -> bool:
    margin = HISTORY_MARGIN if paid else TOLD_MARGIN
    starts = [(epoch + shift) * each for epoch in range(len(losses))]
    known = [
        (loss, costs[start : start + each + 1])
        for loss, start in zip(losses, starts, strict=True)
        if 0 <= start < len(costs) - each
    ]
    units = [1.0, *(known[0][0] / cost for cost in known[0][1] if paid and cost > 0)] if known else []
    return any(
        all(
            min(span) * unit * (1 - margin) - ROUNDED <= loss <= max(span) * unit * (1 + margin) + ROUNDED
            for loss, span in known
        )
        for unit in units
    )


def least_squares(rows: Batch) -> float:
    """Return the smallest cost, (1/q) sum of squares, that a linear model with a bias reaches on some rows."""
    x, y = _with_ones(rows[0]), rows[1].to(torch.float64)
    solution = torch.linalg.lstsq(x, y, driver="gelsd").solution
    return float(((x @ solution - y) ** 2).sum() / x.shape[0])


def full_batch_epochs(start: Parameters, rows: Batch, lr: float, target: float, loss: Loss = linear_mse) -> int:
    """Return how many epochs of full-batch descent a cost of at most `target` takes.

    Raises:
        ValueError: it is not reached: a mistake in the test.
    """
    now = dict(start)
    for epoch in range(MOST_EPOCHS):
        if float(loss(now, *rows)) <= target:
            return epoch
        now = Descent(now, [rows], lr, loss).end()
    raise ValueError(f"full batch does not reach {target} in {MOST_EPOCHS} epochs")


def step_limit(x: Tensor) -> float:
    """Return 2 / lambda_max of (2/q) [x 1]'[x 1]: full-batch descent on (1/q) sum of squares diverges above it."""
    ones = _with_ones(x)
    largest = torch.linalg.eigvalsh((2.0 / x.shape[0]) * ones.T @ ones)[-1]
    return 2.0 / float(largest)


def grows(lr: float, x: Tensor, steps: int = 200) -> bool:
    """Return whether full-batch descent with learning rate `lr`, started next to the solution, moves away from it."""
    ones = _with_ones(x)
    hessian = (2.0 / x.shape[0]) * ones.T @ ones
    error = torch.ones(ones.shape[1], 1, dtype=torch.float64)
    start = float(error.norm())
    for _ in range(steps):
        error = error - lr * (hessian @ error)
    return not float(error.norm()) <= start


def require_falling(values: Sequence[float], what: Text) -> None:
    """Require a curve to be finite and to end below where it starts; `what` names it.

    Raises:
        CheckFailed: it has fewer than two points, is not finite, or does not fall.
    """
    require(
        len(values) >= 2 and all(math.isfinite(value) for value in values),
        Text("{what} has fewer than two points, or points that are not finite numbers.", what=what),
    )
    require(values[-1] < values[0], Text("{what} does not fall.", what=what))


def _with_ones(x: Tensor) -> Tensor:
    x = x.to(torch.float64)
    return torch.cat([x, torch.ones(x.shape[0], 1, dtype=torch.float64)], dim=1)
