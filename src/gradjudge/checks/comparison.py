"""What is wrong with one tensor of the student's: its kind, shape, dtype, or value, in words without hidden values."""

from __future__ import annotations

import math

import msgspec
import torch
from torch import Tensor

from gradjudge.checks.tolerance import Tolerance, difference
from gradjudge.judge.proxy.line import kind_of
from gradjudge.text import Text


class Flaw(msgspec.Struct, frozen=True):
    """Describe one flaw as a predicate: "is None", "has shape [7, 5], not that of `w`".

    Attributes:
        kind: "kind", "none", "empty", "shape", "dtype", "not-finite" or "value".
        text: the predicate; its subject is masculine in French ("votre gradient", "le résultat").
    """

    kind: str
    text: Text

    def explained(self, cause: Text | None) -> Text:
        """Put the predicate with the mistake behind the flaw, where one was found."""
        if cause is None:
            return self.text
        if self.kind == "value":
            return cause
        return Text("{flaw}: it {cause}", flaw=self.text, cause=cause, mistake=cause.mistake)


class Due(msgspec.Struct, frozen=True):
    """Say what a result must be like.

    Attributes:
        value: the right values.
        shape: words for the right shape ("that of `w`"); by default it is the one of the statement.
        dtype: the dtype that it must have, or None if only floating point is asked for.
        flatten: compare after ``reshape(-1)``, so that only the number of entries counts.
    """

    value: Tensor
    shape: Text | None = None
    dtype: torch.dtype | None = None
    flatten: bool = False


def flaw_in(got: object, due: Due, allowed: Tolerance) -> Flaw | None:
    """Find the first flaw of `got`, in the order kind, shape, dtype, finite, value; None if there is none."""
    if got is None:
        return Flaw("none", Text("is None; a tensor is expected", mistake="none"))
    if type(got) is not Tensor:
        return Flaw("kind", Text("is {kind}; a tensor is expected", kind=kind_of(got)))
    return _shape_flaw(got, due) or _dtype_flaw(got, due) or _value_flaw(got, due, allowed)


def that_of(name: str) -> Text:
    """Put the right shape of a gradient into words."""
    return Text("that of `{name}`", name=name)


def wrong_result(where: str, predicate: Text) -> Text:
    """Say what is wrong with what a function or method gives."""
    return Text("The result of `{where}` {predicate}.", where=where, predicate=predicate, mistake=predicate.mistake)


def changed_in_place(label: str, what: Text | str) -> Text:
    """Say that a function or method changes a tensor that it was given."""
    return Text(
        "`{label}` changes {what} in place; compute a new tensor instead.", label=label, what=what, mistake="in place"
    )


def magnitude(error: float) -> str:
    """Write the nearest power of ten to `error` (``1e-3``), bounded; the student chooses the figure, so no digits."""
    if not math.isfinite(error) or error >= 1e9:
        return "1e9"
    return f"1e{max(-9, round(math.log10(error)))}" if error > 0 else "0"


def number_in(value: object) -> int | float | None:
    """Read one number: Python's own, or a tensor of one entry; None if it is something else."""
    if type(value) is Tensor and value.numel() == 1:
        value = value.item()
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def integer_in(value: object) -> int | None:
    """Read one integer, see `number_in`."""
    number = number_in(value)
    return number if isinstance(number, int) else None


def _shape_flaw(got: Tensor, due: Due) -> Flaw | None:
    same = got.numel() == due.value.numel() if due.flatten else got.shape == due.value.shape
    if same:
        return None
    if got.numel() == 0:
        return Flaw("empty", Text("is empty"))
    stated = Text("the shape of the statement") if due.value.ndim else Text("a scalar (0 dimensions)")
    return Flaw("shape", Text("has shape {shape}, not {due}", shape=str(list(got.shape)), due=due.shape or stated))


def _dtype_flaw(got: Tensor, due: Due) -> Flaw | None:
    right = got.dtype.is_floating_point if due.dtype is None else got.dtype == due.dtype
    if right:
        return None
    name = str(got.dtype).removeprefix("torch.")
    return Flaw("dtype", Text("has dtype {dtype}, not that of the inputs", dtype=name, mistake="dtype"))


def _value_flaw(got: Tensor, due: Due, allowed: Tolerance) -> Flaw | None:
    if not bool(torch.isfinite(got).all()):
        return Flaw("not-finite", Text("contains NaN or infinity"))
    error = difference(got, due.value, allowed)
    if error <= allowed.relative:
        return None
    return Flaw("value", Text("is wrong (relative error of about {size})", size=magnitude(error)))
