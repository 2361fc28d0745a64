"""Losses, histories and step limits: bounds fail closed, and judging is tolerant where the statement is."""

from __future__ import annotations

import math

import pytest
import torch

from gradjudge.checks.training.descent import Descent, linear_mse
from gradjudge.checks.training.outcomes import (
    costs_along,
    full_batch_epochs,
    grows,
    least_squares,
    loss_on,
    require_falling,
    require_falling_history,
    require_loss,
    require_told,
    step_limit,
)
from gradjudge.checks.verdict import CheckFailed, Text

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = X @ torch.tensor([[1.0], [-2.0], [0.5]], dtype=torch.float64) + 3.0
START = {"w": torch.zeros(3, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}


def test_a_loss_is_the_courses_cost() -> None:
    """(1/q) sum of squares, over rows and columns."""
    y = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    zeros = {"w": torch.zeros(3, 2, dtype=torch.float64), "b": torch.zeros(2, dtype=torch.float64)}
    assert loss_on(zeros, zeros, (X[:2], y)) == pytest.approx(30 / 2)


def test_a_bias_of_another_shape_is_not_broadcast() -> None:
    """A bias of (1, p) counts as (p,); one of (q, 1) is refused."""
    assert loss_on({**START, "b": torch.zeros(1, 1)}, START, (X, Y)) == loss_on(START, START, (X, Y))
    with pytest.raises(CheckFailed):
        loss_on({**START, "b": torch.zeros(40, 1)}, START, (X, Y))


@pytest.mark.parametrize("loss", [math.nan, math.inf, 0.31, 5.0, 1e9])
def test_a_bound_fails_closed(loss: float) -> None:
    """NaN, infinity and anything above the bound fail; the loss itself is for staff."""
    with pytest.raises(CheckFailed) as failure:
        require_loss(loss, 0.3)
    assert f"{loss:.6g}" not in str(failure.value.text)


def test_the_bound_itself_passes() -> None:
    """The bound is inclusive."""
    require_loss(0.3, 0.3)


@pytest.mark.parametrize(
    "history",
    [
        [3.0, 2.0, 1.0],
        (3, 2, 1.0),
        [[0, 3.0], [1, 2.0], [2, 1.0]],
        [torch.tensor(3.0), torch.tensor([2.0]), torch.tensor([[1.0]])],
        torch.tensor([3.0, 2.0, 1.0]),
        torch.tensor([[0, 3.0], [1, 2.0], [2, 1.0]]),
    ],
)
def test_every_form_of_history_is_read(history: object) -> None:
    """Floats, pairs, 0-dim tensors and a 1-d tensor are all right."""
    require_falling_history(history, 3, last=0.9)


@pytest.mark.parametrize(
    "history",
    [
        None,
        [],
        3.0,
        [3.0, 2.0],
        [3.0, 2.0, 1.0, 0.9],
        [3.0, 2.0, math.nan],
        [3.0, 2.0, "1"],
        [3.0, None, 1.0],
        [1.0, 1.0, 1.0],
        [0.5, 0.9, 1.0],
        [3.0, 2.0, 0.1],
        torch.tensor([3, 2, 1]),
    ],
)
def test_a_history_that_says_nothing_fails(history: object) -> None:
    """A wrong length, other things than numbers, a curve that rises or ends elsewhere."""
    with pytest.raises(CheckFailed):
        require_falling_history(history, 3, last=1.0)


def test_least_squares_is_the_smallest_cost() -> None:
    """Exact data cost nothing, and noise costs what no other line improves on."""
    assert least_squares((X, Y)) == pytest.approx(0.0, abs=1e-20)
    noisy = Y + torch.randn(40, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    end = Descent(START, [(X, noisy)] * 2000, 0.1).end()
    assert float(linear_mse(end, X, noisy)) == pytest.approx(least_squares((X, noisy)), rel=1e-9)


def test_epochs_of_full_batch_are_counted_exactly() -> None:
    """One epoch fewer does not reach the target."""
    count = full_batch_epochs(START, (X, Y), 0.05, 0.5)
    assert float(linear_mse(Descent(START, [(X, Y)] * count, 0.05).end(), X, Y)) <= 0.5
    assert float(linear_mse(Descent(START, [(X, Y)] * (count - 1), 0.05).end(), X, Y)) > 0.5


def test_the_step_limit_separates() -> None:
    """Just under it descent converges, just over it descent grows; the real descent confirms it."""
    limit = step_limit(X)
    assert not grows(0.95 * limit, X)
    assert grows(1.05 * limit, X)
    start = float(linear_mse(START, X, Y))
    below, above = (
        float(linear_mse(Descent(START, [(X, Y)] * 300, share * limit).end(), X, Y)) for share in (0.95, 1.05)
    )
    assert below < start / 100
    assert above > start * 100


@pytest.mark.parametrize("rate", [math.nan, math.inf, 1e300])
def test_a_senseless_step_grows(rate: float) -> None:
    """NaN is not mistaken for convergence."""
    assert grows(rate, X)


def test_a_curve_must_fall() -> None:
    """One point, NaN, or a last point that is not below the first is no falling curve."""
    require_falling([2.0, 3.0, 1.0], Text.own("The curve", "La courbe"))
    for values in ([1.0], [], [2.0, math.nan], [1.0, 1.0], [1.0, 2.0]):
        with pytest.raises(CheckFailed):
            require_falling(values, Text.own("The curve", "La courbe"))


def descent(steps: int) -> Descent:
    """Descend on one row, again and again."""
    start = {"w": torch.tensor([[1.0], [-2.0]]).double(), "b": torch.zeros(1).double()}
    rows = torch.tensor([[0.5, 1.5]]).double(), torch.tensor([[2.0]]).double()
    return Descent(start, [rows] * steps, 0.01)


def told(losses: list[float], costs: list[float], *, each: int = 1, slack: int = 0, paid: bool = False) -> bool:
    """Return whether a history is accepted as that of a descent."""
    try:
        require_told(losses, costs, each=each, slack=slack, paid=paid)
    except CheckFailed:
        return False
    return True


def test_costs_along_a_descent() -> None:
    """The cost of the start comes first, then one after each update."""
    costs = costs_along(descent(3))
    assert costs[0] == float(linear_mse(descent(1).start, *descent(1).batches[0]))
    assert costs[3] == pytest.approx(float(linear_mse(descent(3).end(), *descent(3).batches[0])))


def test_a_history_holds_costs_of_its_own_epochs() -> None:
    """Start, end, last batch and mean of an epoch are all right; another epoch's cost and invented numbers are not."""
    costs = costs_along(descent(20))
    starts, ends, lasts = costs[0:20:5], costs[5::5], costs[4:20:5]
    means = [sum(costs[at : at + 5]) / 5 for at in range(0, 20, 5)]
    assert all(told(losses, costs, each=5) for losses in (starts, ends, lasts, means))
    line = [costs[0] + (costs[-1] - costs[0]) * epoch / 4 for epoch in range(4)]
    late = costs[10::5]
    for wrong in ([1 / (1 + epoch) for epoch in range(4)], [3 * loss for loss in starts], line[::-1], late):
        assert not told(wrong, costs, each=5)
    assert told([costs[0], *costs[:10]], costs[:11], slack=1)


def test_a_wrong_descent_tells_of_itself() -> None:
    """If the descent is paid for, its costs may be sums, but numbers that merely fall are refused."""
    costs = costs_along(descent(4))
    assert told([12 * cost for cost in costs[:4]], costs, paid=True)
    assert told([*costs[1:], 0.0, 0.0], costs, paid=True)
    assert not told([1.0, 0.5, 0.25, 0.1], costs, paid=True)
    assert not told([math.nan] * 4, costs, paid=True)
