"""The structure of mini-batch training is read from the returned weights, whatever the order and the style."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from gradjudge.checks.training.batches import BatchStructure, Train, require_new_order_row_by_row
from gradjudge.checks.training.descent import Parameters
from gradjudge.checks.verdict import CheckFailed

Batches = Callable[[int, int, int], Sequence[Tensor]]
ROWS, SIZE = 10, 4
PARTS = ("full_batches", "each_row_once", "last_short_batch", "new_order")


def cut(rows: Tensor, size: int) -> list[Tensor]:
    """Cut rows into batches; the last may be shorter."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def trainer(batches: Batches, *, factor: float = 2.0, mean: str = "own", dtype: torch.dtype = torch.float64) -> Train:
    """Make a training function that goes through the rows as ``batches(rows, batch_size, epoch)`` says."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, batch_size: int, w: Tensor, b: Tensor) -> Parameters:
        x, y, w, b = (t.to(dtype) for t in (x, y, w, b))
        for epoch in range(epochs):
            for rows in batches(len(x), batch_size, epoch):
                residual = x[rows] @ w + b - y[rows]
                count = {"own": len(rows), "nominal": batch_size, "sum": 1}[mean]
                w = w - lr * factor / count * (x[rows].T @ residual)
                b = b - lr * factor / count * residual.sum(0)
        return {"w": w.double(), "b": b.double()}

    return train


def by_randperm(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Shuffle anew each epoch and keep the short batch."""
    return cut(torch.randperm(rows), size)


def by_shuffle(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Shuffle with Python's own generator."""
    order = list(range(rows))
    random.shuffle(order)
    return cut(torch.tensor(order), size)


def by_argsort(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Shuffle by sorting random numbers."""
    return cut(torch.rand(rows).argsort(), size)


def by_loader(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Shuffle with a DataLoader."""
    loader = DataLoader(TensorDataset(torch.arange(rows)), batch_size=size, shuffle=True)
    return [rows for (rows,) in loader]


def one_by_one(rows: int, _size: int, _epoch: int) -> Sequence[Tensor]:
    """Take single rows in a new order."""
    return cut(torch.randperm(rows), 1)


def everything(rows: int, _size: int, _epoch: int) -> Sequence[Tensor]:
    """Take all rows at once."""
    return [torch.arange(rows)]


def first_only(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Take one batch per epoch."""
    return cut(torch.randperm(rows), size)[:1]


def last_dropped(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Forget the short batch."""
    return [batch for batch in cut(torch.randperm(rows), size) if len(batch) == size]


def with_replacement(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Draw rows independently."""
    return cut(torch.randint(rows, (rows,)), size)


def one_less(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Cut batches that are one row too small."""
    return cut(torch.randperm(rows), max(size - 1, 1))


def unshuffled(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Keep the rows as they come."""
    return cut(torch.arange(rows), size)


def shuffled_once(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Keep one random order for all epochs."""
    return cut(torch.randperm(rows, generator=torch.Generator().manual_seed(3)), size)


def batches_shuffled(rows: int, size: int, _epoch: int) -> Sequence[Tensor]:
    """Shuffle batches whose rows stay together."""
    batches = cut(torch.arange(rows), size)
    random.shuffle(batches)
    return batches


def first_epoch_alone(rows: int, size: int, epoch: int) -> Sequence[Tensor]:
    """Exhaust an iterator in the first epoch."""
    return cut(torch.randperm(rows), size) if epoch == 0 else []


def told(train: Train) -> dict[str, str]:
    """Return the parts that fail, each with the key of the mistake that it names."""
    structure = BatchStructure(train, rows=ROWS, batch_size=SIZE)
    failed: dict[str, str] = {}
    for part in PARTS:
        try:
            getattr(structure, part)()
        except CheckFailed as error:
            failed[part] = error.text.mistake
    return failed


def lost(train: Train) -> set[str]:
    """Return the parts that fail."""
    return set(told(train))


@pytest.fixture(autouse=True)
def seeds() -> None:
    """Seed the generators that the styles draw from."""
    torch.manual_seed(0)
    random.seed(0)


@pytest.mark.parametrize("batches", [by_randperm, by_shuffle, by_argsort, by_loader])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_right_style_passes(batches: Batches, dtype: torch.dtype) -> None:
    """Four ways to shuffle, in two precisions, lose nothing, time and again."""
    assert [lost(trainer(batches, dtype=dtype)) for _ in range(5)] == [set()] * 5


@pytest.mark.parametrize("factor", [1.0, 4.0, -2.0])
def test_a_factor_in_the_gradient_is_another_mistake(factor: float) -> None:
    """A forgotten 2 or a wrong sign costs nothing here."""
    assert lost(trainer(by_randperm, factor=factor)) == set()


@pytest.mark.parametrize(
    ("batches", "mean", "parts", "named"),
    [
        (everything, "own", {"full_batches", "last_short_batch", "new_order"}, "batch size"),
        (one_by_one, "own", {"full_batches", "last_short_batch"}, ""),
        (first_only, "own", {"full_batches", "each_row_once", "last_short_batch"}, "rows left out"),
        (last_dropped, "own", {"last_short_batch"}, "last batch"),
        (with_replacement, "own", {"each_row_once", "last_short_batch"}, "replacement"),
        (one_less, "own", {"full_batches"}, "batch size"),
        (unshuffled, "own", {"new_order"}, "shuffle"),
        (shuffled_once, "own", {"new_order"}, "shuffle"),
        (batches_shuffled, "own", {"new_order"}, "shuffle"),
        (by_randperm, "nominal", {"last_short_batch"}, "short batch"),
        (by_randperm, "sum", {"full_batches", "last_short_batch"}, ""),
        (first_epoch_alone, "own", {"each_row_once"}, ""),
    ],
)
def test_each_mistake_costs_its_own_part(batches: Batches, mean: str, parts: set[str], named: str) -> None:
    """A wrong structure loses the parts that are about it, and no part names another mistake."""
    found = told(trainer(batches, mean=mean))
    assert set(found) == parts
    assert set(found.values()) - {""} == ({named} if named else set())


@pytest.mark.parametrize("seed", range(40))
def test_chance_decides_no_points(seed: int) -> None:
    """Rows drawn with replacement lose the same parts whatever is drawn, and right orders lose nothing."""
    torch.manual_seed(seed)
    found = told(trainer(with_replacement))
    assert set(found) == {"each_row_once", "last_short_batch"}
    assert found["each_row_once"] in ("replacement", "rows left out")
    assert found["last_short_batch"] == ""
    assert lost(trainer(by_randperm)) == set()


def test_one_update_per_epoch_is_seen() -> None:
    """Gradients that are summed over the batches and applied once are not mini-batch descent."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, batch_size: int, w: Tensor, b: Tensor) -> Parameters:
        for _ in range(epochs):
            dw, db = torch.zeros_like(w), torch.zeros_like(b)
            for rows in cut(torch.randperm(len(x)), batch_size):
                residual = x[rows] @ w + b - y[rows]
                dw, db = dw + 2 / len(rows) * x[rows].T @ residual, db + 2 / len(rows) * residual.sum(0)
            w, b = w - lr * dw, b - lr * db
        return {"w": w, "b": b}

    assert told(train) == {"full_batches": "step per epoch"}


def test_weights_that_stay_are_seen() -> None:
    """If nothing moves, the message says so, without a number of updates."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, batch_size: int, w: Tensor, b: Tensor) -> Parameters:
        return {"w": w, "b": b}

    assert told(train)["full_batches"] == "frozen"


def row_by_row(batches: Batches) -> BatchStructure:
    """Judge a training function that should take one row at a time."""
    return BatchStructure(trainer(batches), rows=ROWS, batch_size=1)


def test_single_rows_are_right_for_sgd() -> None:
    """Every row once, one update each, in a new order: nothing is lost."""
    structure = row_by_row(one_by_one)
    structure.full_batches()
    structure.each_row_once()
    require_new_order_row_by_row(trainer(one_by_one))


@pytest.mark.parametrize("batches", [everything, first_only])
def test_sgd_with_other_batches_is_seen(batches: Batches) -> None:
    """All rows in one update, or one row per epoch, is not stochastic descent."""
    with pytest.raises(CheckFailed):
        row_by_row(batches).full_batches()


def test_sgd_with_replacement_is_seen() -> None:
    """Rows drawn independently are not visited once each."""
    with pytest.raises(CheckFailed):
        row_by_row(with_replacement).each_row_once()


@pytest.mark.parametrize("batches", [unshuffled, shuffled_once])
def test_sgd_in_one_order_is_seen(batches: Batches) -> None:
    """The same order in every epoch is found among the 24."""
    with pytest.raises(CheckFailed, match="same order"):
        require_new_order_row_by_row(trainer(batches))


@pytest.mark.parametrize("end", [torch.full((ROWS, 1), torch.nan), torch.zeros(3, 1), torch.zeros(ROWS, ROWS)])
def test_senseless_weights_fail_every_part(end: Tensor) -> None:
    """NaN and wrong shapes are the student's failure in each part, never an error of the grader."""

    def train(x: Tensor, y: Tensor, lr: float, epochs: int, batch_size: int, w: Tensor, b: Tensor) -> Parameters:
        return {"w": end.double(), "b": b}

    assert lost(train) == set(PARTS)


@pytest.mark.parametrize("factor", [5.0, 10.0, 20.0, 40.0 / 3.0, 1e200, -1e200])
@pytest.mark.parametrize("part", PARTS)
def test_no_factor_breaks_a_part(factor: float, part: str) -> None:
    """A step that is too long by certain factors leaves nothing to measure: the part passes or fails without error."""
    structure = BatchStructure(trainer(by_randperm, factor=factor), rows=ROWS, batch_size=SIZE)
    with suppress(CheckFailed):
        getattr(structure, part)()
