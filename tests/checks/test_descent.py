"""Trajectories are compared exactly, per parameter, and common mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gradjudge.checks.training.descent import (
    Descent,
    Parameters,
    linear_mse,
    require_first_step,
    require_trajectory,
    trained,
)
from gradjudge.checks.verdict import CheckFailed

ROWS, INPUTS = 12, 3
Step = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def descent(steps: int = 5, outputs: int = 1, seed: int = 0) -> Descent:
    """Draw a small problem with a start that is not zero."""
    g = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    x, y = draw(ROWS, INPUTS), draw(ROWS, outputs)
    return Descent({"w": draw(INPUTS, outputs), "b": draw(outputs)}, [(x, y)] * steps, 0.05)


def by_hand(problem: Descent, step: Step, dtype: torch.dtype = torch.float64) -> Parameters:
    """Descend with the gradients of `step`."""
    w, b = (problem.start[name].to(dtype) for name in ("w", "b"))
    for x, y in problem.batches:
        dw, db = step(x.to(dtype), y.to(dtype), w, b)
        w, b = w - problem.lr * dw, b - problem.lr * db
    return {"w": w.double(), "b": b.double()}


def right(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of the course's cost."""
    residual = 2 / len(x) * (x @ w + b - y)
    return x.T @ residual, residual.sum(0)


def times(dw: float, db: float) -> Step:
    """Multiply the right gradients."""

    def step(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        exact = right(x, y, w, b)
        return dw * exact[0], db * exact[1]

    return step


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_right_descents_pass(steps: int, outputs: int, dtype: torch.dtype) -> None:
    """Float64 and correct float32 are within the tolerance for twenty problems."""
    for seed in range(20):
        problem = descent(steps, outputs, seed)
        require_trajectory(by_hand(problem, right, dtype), problem)


def test_a_bias_of_one_row_is_the_same_bias() -> None:
    """b may come back as (1, p)."""
    problem = descent(outputs=3)
    got = dict(by_hand(problem, right))
    require_trajectory({**got, "b": got["b"].reshape(1, 3)}, problem)


@pytest.mark.parametrize(
    ("step", "en", "fr"),
    [
        (times(0, 0), "w and b did not move", "n'ont pas bougé"),
        (times(0, 1), "w did not move", "w n'a pas bougé"),
        (times(1, 0), "b did not move", "b n'a pas bougé"),
        (times(-1, -1), "sign", "signe"),
        (times(1, -1), "gradient of b, the sign", "gradient de b, le signe"),
        (times(0.5, 0.5), "factor 2 is missing", "manque un facteur 2"),
        (times(2, 2), "factor 2 too many", "facteur 2 de trop"),
        (times(ROWS, ROWS), "division by the number of rows is missing", "manque la division"),
        (times(1, ROWS), "gradient of b, the division", "gradient de b, il manque la division"),
        (times(1 / ROWS, 1 / ROWS), "divided by the number of rows twice", "deux fois"),
        (times(1.01, 1), "none of the usual mistakes", "aucune des erreurs"),
    ],
)
def test_a_factor_is_named(step: Step, en: str, fr: str) -> None:
    """Frozen, reversed and scaled gradients are told apart, for both parameters or one, in both languages."""
    problem = descent()
    with pytest.raises(CheckFailed) as failure:
        require_trajectory(by_hand(problem, step), problem)
    assert en in str(failure.value.text)
    assert fr in failure.value.text.said("fr")


def test_a_mean_over_all_entries_is_named() -> None:
    """With three columns, a mean over all entries also divides by the columns."""
    problem = descent(outputs=3)
    with pytest.raises(CheckFailed, match="number of columns too"):
        require_trajectory(by_hand(problem, times(1 / 3, 1 / 3)), problem)


def test_gradients_that_pile_up_are_named() -> None:
    """A forgotten zero_grad is seen from the second step on."""
    problem = descent()
    w, b = (problem.start[name].clone().requires_grad_() for name in ("w", "b"))
    for x, y in problem.batches:
        torch.autograd.backward(linear_mse({"w": w, "b": b}, x, y))
        with torch.no_grad():
            for parameter in (w, b):
                assert parameter.grad is not None
                parameter -= problem.lr * parameter.grad
    with pytest.raises(CheckFailed, match="earlier steps"):
        require_trajectory({"w": w.detach(), "b": b.detach()}, problem)


def test_parameters_that_move_one_after_the_other_are_named() -> None:
    """The gradient of b at a w that has already moved is taken at another point."""
    problem = descent()
    w, b = problem.start["w"], problem.start["b"]
    for x, y in problem.batches:
        w = w - problem.lr * right(x, y, w, b)[0]
        b = b - problem.lr * right(x, y, w, b)[1]
    with pytest.raises(CheckFailed, match="w moves before the gradient of b"):
        require_trajectory({"w": w, "b": b}, problem)


@pytest.mark.parametrize(("steps", "message"), [(4, "4 steps were made"), (6, "6 steps were made"), (1, "1 step was")])
def test_a_wrong_number_of_steps_is_named(steps: int, message: str) -> None:
    """One step too few or too many is not a wrong gradient."""
    problem, other = descent(), descent(steps)
    with pytest.raises(CheckFailed, match=message):
        require_trajectory(by_hand(other, right), problem)


def test_a_start_of_ones_own_is_named() -> None:
    """Ignoring the given parameters is reported."""
    problem = descent()
    zero = Descent({name: torch.zeros_like(t) for name, t in problem.start.items()}, problem.batches, problem.lr)
    with pytest.raises(CheckFailed, match="starts from zeros"):
        require_trajectory(by_hand(zero, right), problem)


def test_a_bias_that_grew_is_named() -> None:
    """A gradient that was not summed over the rows makes b a matrix."""
    problem = descent(outputs=3)
    got = by_hand(problem, lambda x, y, w, b: (right(x, y, w, b)[0], 2 / len(x) * (x @ w + b - y)))
    with pytest.raises(CheckFailed, match="not summed over the rows"):
        require_trajectory(got, problem)


def test_credit_is_per_parameter() -> None:
    """After one step, w is right although b is not."""
    problem = descent(1)
    got = by_hand(problem, times(1, 3))
    require_trajectory(got, problem, only=["w"])
    with pytest.raises(CheckFailed):
        require_trajectory(got, problem, only=["b"])


@pytest.mark.parametrize("value", [torch.full((INPUTS, 1), torch.nan), torch.zeros(INPUTS), torch.zeros(1, INPUTS)])
def test_nan_and_wrong_shapes_fail(value: Tensor) -> None:
    """Nothing is broadcast, and NaN fails."""
    problem = descent()
    with pytest.raises(CheckFailed):
        require_trajectory({**problem.end(), "w": value.double()}, problem)


@pytest.mark.parametrize(
    "returned",
    [
        *(None, 3.0, (torch.zeros(2),), (torch.zeros(2), 1.0), (torch.ones(1, dtype=torch.int64),) * 2),
        (torch.zeros(1).expand(1 << 40), torch.zeros(1)),  # converted, it would take terabytes
    ],
)
def test_what_is_no_tuple_of_tensors_fails(returned: object) -> None:
    """A training function that returns something else fails with a message."""
    with pytest.raises(CheckFailed):
        trained(returned)


def test_what_follows_the_parameters_is_kept() -> None:
    """The history stays beside the parameters, and a list is as good as a tuple."""
    got = trained([torch.zeros(2), torch.ones(1), [0.5]])
    assert got.rest == ([0.5],)
    assert got.parameters["b"].dtype == torch.float64


def test_no_hidden_number_reaches_the_student() -> None:
    """The numbers that were compared are for staff alone."""
    problem = descent()
    with pytest.raises(CheckFailed) as failure:
        require_trajectory(by_hand(problem, times(1.3, 1)), problem)
    assert str(float(problem.end()["b"][0])) in failure.value.detail
    assert "." not in str(failure.value.text).replace("relatively.", "").replace("numbers.", "")


def first_step(step: Step, *, lr: float | None = None) -> CheckFailed:
    """Judge one step of a descent; return its failure."""
    problem = descent(1)

    def follow(at: Descent) -> Parameters:
        return by_hand(at if lr is None else replace(at, lr=lr), step)

    with pytest.raises(CheckFailed) as caught:
        require_first_step(follow, problem, lambda got: require_trajectory(got, problem, only=["b"]))
    return caught.value


def test_a_first_grad_output_that_is_not_one_is_named() -> None:
    """A constant, the cost and a random number are told from one another, from a wrong step, and from factors."""
    calls = iter((0.3, 1.7, 0.9))

    def by_cost(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        cost = float(((x @ w + b - y) ** 2).sum() / len(x))
        return times(cost, cost)(x, y, w, b)

    def at_random(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        number = next(calls)
        return times(number, number)(x, y, w, b)

    for step, says in ((times(0.067, 0.067), "same number"), (by_cost, "the cost"), (at_random, "differs")):
        failed = first_step(step)
        assert failed.text.mistake == "first grad_output"
        assert says in str(failed.text)
    problem = descent(1)
    x, y = problem.batches[0]
    apart = 2 / len(x) * (x @ problem.start["w"] + problem.start["b"] - y)

    def by_identity(at: Descent) -> Parameters:
        dyhat = torch.eye(len(x), dtype=torch.float64) * apart
        return {"w": at.start["w"] - at.lr * x.T @ dyhat, "b": at.start["b"] - at.lr * dyhat.sum(0)}

    with pytest.raises(CheckFailed, match="no matrix"):
        require_first_step(by_identity, problem, lambda got: require_trajectory(got, problem, only=["w"]))
    assert first_step(right, lr=0.013).text.mistake == "learning rate"
    assert first_step(times(2, 2)).text.mistake == "factor 2"
    assert first_step(times(0.3, 0.7)).text.mistake == ""


def test_a_right_first_step_is_made_once() -> None:
    """Only what fails is made again."""
    problem, made = descent(1), []

    def follow(at: Descent) -> Parameters:
        made.append(at)
        return by_hand(at, right)

    require_first_step(follow, problem, lambda got: require_trajectory(got, problem))
    assert len(made) == 1
