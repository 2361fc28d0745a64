"""Read how training goes through its rows from the weights that it returns, and from nothing else.

Rows that do not interact make this possible: with x = s I, y = 1, zero weights and lr = 0.4 / (2 s^2), an update on a
batch of m rows leaves 1 - 0.4/m of the residual of each of its rows and does not touch the others. The residual of a
row thus tells which batches it was in. No order is assumed, and nothing is recorded that could be forged.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import torch
from torch import Tensor

from gradjudge.checks.training.descent import Descent, Parameters
from gradjudge.checks.verdict import Text, fail, require

#: ``train(x, y, lr, epochs, batch_size, w, b) -> parameters``; a test wraps the student's function in it.
Train = Callable[[Tensor, Tensor, float, int, int, Tensor, Tensor], Parameters]

SCALE = 1000.0
SHARE = 0.4
EPOCHS = 8
#: Allowed relative error of a batch size that is read off a residual; float32 is well below it.
NEAR = 0.02
SMALLEST_MOVE = 1e-6
ORDER_ROWS = 4
#: Learning rate for identical rows.
ALIKE_LR = 0.01


@dataclass(frozen=True)
class _Reading:
    """What one epoch shows: for each row the size of its batch (0 for none), if it was in one alone."""

    sizes: tuple[float, ...]

    @property
    def whole(self) -> list[int]:
        """Batch sizes as integers; -1 where none fits."""
        return [round(size) if abs(size - round(size)) <= NEAR * max(size, 1.0) else -1 for size in self.sizes]


class BatchStructure:
    """Judge how `train` cuts and orders its rows.

    Args:
        train: calls the student's function and returns its parameters w (n, 1) and b (1,).
        rows: number of rows; not a multiple of `batch_size` if the short last batch is to be judged.
        batch_size: rows of a full batch.

    A constant factor in the gradients (a forgotten 2) is measured first and divided out: it is another mistake.
    Each method raises `CheckFailed` on its own.
    """

    def __init__(self, train: Train, *, rows: int = 10, batch_size: int = 4) -> None:
        self.train = train
        self.rows = rows
        self.batch_size = batch_size
        self.short = rows % batch_size
        self.batches = -(-rows // batch_size)

    def full_batches(self) -> None:
        """Require batches of `batch_size` rows, with one update each."""
        whole = self._first.whole
        sizes = {size for size in whole if size > 0}
        # A row that was met twice shows no size. `each_row_once` judges that; here, only the updates are counted then.
        readable = self._is_partition() and whole.count(0) in (0, self.short)
        if readable and (self.batch_size not in sizes or sizes - {self.batch_size, self.short}):
            found = Counter(size for size in whole if size > 0).most_common(1)
            wrong = Text("Batches do not have {size} rows", size=self.batch_size)
            if self.batch_size == 1:
                wrong = Text("Steps do not take one row each")
            text = Text("{wrong}.", wrong=wrong)
            if found and found[0][0] == 1:  # another mistake can cause this, and the sentence names both
                text = Text(
                    "{wrong}; most rows moved as in batches of 1, or as if the gradient was not divided by the number "
                    "of rows of the batch.",
                    wrong=wrong,
                )
            elif found:
                text = Text(
                    "{wrong}; most rows moved as in batches of {seen}.",
                    wrong=wrong,
                    seen=found[0][0],
                    mistake="batch size",
                )
            fail(text, detail=f"sizes {self._first.sizes}")
        self._require_updates()

    def _require_updates(self) -> None:
        """Require one update per batch, counted with identical rows; a short batch may be missing, or weigh less."""
        updates = self._updates()
        least = self.rows // self.batch_size
        enough = least - NEAR <= updates <= self.batches + NEAR
        # The gradients of all batches, taken at one point and added up, are one step that is that many times too long.
        together = abs(1.0 - self.batches * 10 * ALIKE_LR * self._factor)
        require(
            enough or 0 in self._first.whole or not abs(self._identical_rows() - together) <= SMALLEST_MOVE,
            Text(
                "In an epoch the gradients of all batches are added up, and there is one step: make a step for each "
                "batch.",
                mistake="step per epoch",
            ),
        )
        unseen = self._first.whole.count(0)
        wrong = Text(
            "An epoch of {rows} rows in batches of {size} is {due} updates, not {updates}",
            rows=self.rows,
            size=self.batch_size,
            due=self.batches,
            updates=_shown(updates),
        )
        require(enough or unseen < self.rows, Text("The weights do not move at all.", mistake="frozen"))
        require(
            enough or unseen in (0, self.short) or not self._is_partition(),
            Text("{wrong}: {unseen} rows are left out.", wrong=wrong, unseen=unseen, mistake="rows left out"),
        )
        require(enough, Text("{wrong}.", wrong=wrong))

    def each_row_once(self) -> None:
        """Require every epoch to visit every row once; a missing short batch is judged elsewhere."""
        whole = self._first.whole
        unseen = whole.count(0)
        text = Text(
            "An epoch leaves out {unseen} of {rows} rows.", unseen=unseen, rows=self.rows, mistake="rows left out"
        )
        if not self._is_partition():  # rows that were met again show no size
            text = Text(
                "An epoch leaves out {unseen} of {rows} rows and visits others more than once: take a permutation, do "
                "not draw rows with replacement.",
                unseen=unseen,
                rows=self.rows,
                mistake="replacement",
            )
        require(unseen in (0, self.short), text)
        require(
            self._is_partition(),
            Text("In one epoch, some rows are visited more often than others.", mistake="replacement"),
            detail=f"sizes {self._first.sizes}",
        )
        last = self._residuals(EPOCHS)
        ratio = 1.0 - SHARE * self._factor / self._first_size()
        expected = EPOCHS * math.log(abs(ratio)) if ratio else -math.inf
        moved = [math.log(abs(r)) if r else -math.inf for r in last]
        if self._uniform():
            regular = all(abs(m - expected) <= NEAR * abs(expected) for m in moved)
        else:
            regular = all(count is not None for count in self._short_visits(last))
        require(
            regular,
            Text("Later epochs do not visit every row once, as the first one does."),
            detail=f"log residuals {moved} after {EPOCHS} epochs",
        )

    def last_short_batch(self) -> None:
        """Require the rows left over to make a batch of their own, with its own size in the mean."""
        whole = self._first.whole
        require(
            0 not in whole or whole.count(0) != self.short or not self._is_partition(),
            Text(
                "The last {short} of {rows} rows are left out: the last batch is shorter.",
                short=self.short,
                rows=self.rows,
                mistake="last batch",
            ),
        )
        size = max(self._first_size(), 1)
        left = self.rows % size
        right = left != 0 and whole.count(left) == left and whole.count(size) == self.rows - left
        # The short batch is to blame only if the other batches are right.
        others = [one for one in whole if one != self.batch_size]
        require(
            right or (size == self.batch_size and 0 not in whole and len(others) in (0, self.short)),
            Text(
                "Batches of {size} rows cannot be seen, and so neither can the last, shorter one.",
                size=self.batch_size,
            ),
            detail=f"sizes {self._first.sizes}",
        )
        require(
            right,
            Text("The last, shorter batch does not count with its own number of rows.", mistake="short batch"),
            detail=f"sizes {self._first.sizes}",
        )

    def new_order(self) -> None:
        """Require the rows of the short batch to change from epoch to epoch.

        Where no short batch can be seen, two calls must at least not give the same weights.
        """
        if not (self._is_partition() and not self._uniform()):
            require(
                not self._same_twice(),
                Text("Two calls give the very same weights: no order is drawn, or there is one batch of all rows."),
            )
            return
        counts = self._short_visits(self._residuals(EPOCHS))
        require(
            not all(count in (0, EPOCHS) for count in counts),
            Text(
                "Rows come in the same batches in each of {epochs} epochs: shuffle anew in every epoch.",
                epochs=EPOCHS,
                mistake="shuffle",
            ),
        )

    # --- measuring ---------------------------------------------------------------------------------------------------

    @cached_property
    def _factor(self) -> float:
        """The gradient of a single row, over the right one; 1 if it cannot be read."""
        move = 1.0 - self._residuals(1, rows=1, batch_size=1)[0]
        return move / SHARE if abs(move) >= SMALLEST_MOVE else 1.0

    @cached_property
    def _first(self) -> _Reading:
        moves = [1.0 - residual for residual in self._residuals(1)]
        sizes = (0.0 if abs(m) < SMALLEST_MOVE else SHARE * self._factor / m for m in moves)
        return _Reading(tuple(size if 0 <= size <= 1e6 else -1.0 for size in sizes))

    def _residuals(self, epochs: int, rows: int | None = None, batch_size: int | None = None) -> list[float]:
        """Train on rows that do not interact; return what is left of each row's residual."""
        rows = rows or self.rows
        x = SCALE * torch.eye(rows, dtype=torch.float64)
        y = torch.ones(rows, 1, dtype=torch.float64)
        w, b = torch.zeros(rows, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        lr = SHARE / (2 * SCALE**2)
        got = self.train(x, y, lr, epochs, batch_size or self.batch_size, w, b)["w"]
        require(
            got.shape == w.shape and bool(torch.isfinite(got).all()),
            Text(
                "w came back with shape {shape} or numbers that are not finite, for {rows} rows and columns.",
                shape=str(list(got.shape)),
                rows=rows,
            ),
        )
        residuals: list[float] = (1.0 - SCALE * got.flatten()).tolist()
        return residuals

    def _identical_rows(self) -> float:
        """Train one epoch on identical rows, x = 2 and y = 1; each update leaves 1 - 10 lr of the residual returned."""
        x = torch.full((self.rows, 1), 2.0, dtype=torch.float64)
        y = torch.ones(self.rows, 1, dtype=torch.float64)
        w, b = torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        got = self.train(x, y, ALIKE_LR, 1, self.batch_size, w, b)
        return abs(1.0 - float((2.0 * got["w"]).sum() + got["b"].sum()))

    def _updates(self) -> float:
        """Count the updates of one epoch by what they leave of the residual of identical rows."""
        residual = self._identical_rows()
        each = abs(1.0 - 10 * ALIKE_LR * self._factor)
        if not (0 < residual < math.inf and each > 0) or each == 1.0:
            return math.nan
        return math.log(residual) / math.log(each)

    def _first_size(self) -> int:
        """The most common batch size, the larger of two that are equally common."""
        counts = Counter(size for size in self._first.whole if size > 0)
        return max(counts, key=lambda size: (counts[size], size), default=1)

    def _uniform(self) -> bool:
        """Return whether all rows moved alike: there is one batch size, or none can be told from another."""
        sizes = self._first.sizes
        return max(sizes) - min(sizes) <= NEAR * max(abs(size) for size in sizes)

    def _is_partition(self) -> bool:
        """Return whether the sizes fit batches without repetition: m rows, 2 m rows... met a batch of size m."""
        if self._uniform():
            return True
        counts = Counter(size for size in self._first.whole if size != 0)
        return all(size > 0 and count % size == 0 for size, count in counts.items())

    def _short_visits(self, residuals: Sequence[float]) -> list[int | None]:
        """Return for each row how many of `EPOCHS` epochs it spent in the short batch; None if not met once in each."""
        size = self._first_size()
        small = next((one for one in self._first.whole if 0 < one != size), 0)
        # With certain factors a step leaves nothing of a residual, or the same in both batches.
        full = math.log(abs(1.0 - SHARE * self._factor / size) or 1e-300)
        short = math.log(abs(1.0 - SHARE * self._factor / small) or 1e-300) if small else 0.0  # left out: no move
        if not (math.isfinite(full) and math.isfinite(short) and abs(short - full) > SMALLEST_MOVE):
            return [None] * len(residuals)
        counts: list[int | None] = []
        for residual in residuals:
            count = (math.log(abs(residual) or 1e-300) - EPOCHS * full) / (short - full)
            near = round(count)
            counts.append(near if abs(count - near) <= 0.1 and 0 <= near <= EPOCHS else None)
        return counts

    def _same_twice(self) -> bool:
        """Return whether two calls on rows that interact give the very same weights."""
        grid = torch.arange(1.0, self.rows + 1, dtype=torch.float64)
        x, y = torch.stack([grid.sin(), grid.cos()], dim=1), grid.sqrt().unsqueeze(1)
        w, b = torch.zeros(2, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        ends = [self.train(x, y, 0.05, 2, self.batch_size, w, b)["w"] for _ in range(2)]
        return torch.equal(ends[0], ends[1])


def require_new_order_row_by_row(train: Train) -> None:
    """Require a new order in each epoch of a descent that takes one row at a time.

    With four rows there are 24 orders, and all are tried.

    Raises:
        CheckFailed: the weights after `EPOCHS` epochs are those of one order in all epochs.
    """
    grid = torch.arange(1.0, ORDER_ROWS + 1, dtype=torch.float64)
    x, y = torch.stack([grid.sin(), grid.cos()], dim=1), grid.sqrt().unsqueeze(1)
    start = {"w": torch.zeros(2, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}
    got = train(x, y, 0.05, EPOCHS, 1, start["w"], start["b"])
    for order in permutations(range(ORDER_ROWS)):
        rows = [(x[i : i + 1], y[i : i + 1]) for i in order] * EPOCHS
        end = Descent(start, rows, 0.05).end()
        if got["w"].shape == end["w"].shape and torch.allclose(got["w"], end["w"], rtol=1e-5, atol=0):
            fail(
                Text(
                    "Rows come in the same order in each of {epochs} epochs: shuffle anew in every epoch.",
                    epochs=EPOCHS,
                    mistake="shuffle",
                )
            )


def _shown(updates: float) -> str:
    return f"{round(updates, 2) + 0.0:g}" if math.isfinite(updates) else "?"  # + 0.0: no minus before 0
