"""Find what is wrong with a student's tensor (kind, shape, dtype, value) and say it without revealing hidden values."""

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
        """Return the predicate with the mistake that explains the flaw, if one was found."""
        if cause is None:
            return self.text
        if self.kind == "value":
            return cause
        return Text("{flaw}: it {cause}", flaw=self.text, cause=cause, mistake=cause.mistake)


class Due(msgspec.Struct, frozen=True):
    """What a result must be.

    Attributes:
        value: the right values.
        shape: words for the right shape ("that of `w`"); by default the one in the statement.
        dtype: the required dtype; None for any floating point dtype.
        flatten: compare after ``reshape(-1)``, so that only the number of entries counts.
    """

    value: Tensor
    shape: Text | None = None
    dtype: torch.dtype | None = None
    flatten: bool = False


def flaw_in(got: object, due: Due, allowed: Tolerance) -> Flaw | None:
    """Return the first flaw of `got`, in the order kind, shape, dtype, finiteness, value; None if there is none."""
    if got is None:
        return Flaw("none", Text("is None; a tensor is expected", mistake="none"))
    if type(got) is not Tensor:
        return Flaw("kind", Text("is {kind}; a tensor is expected", kind=kind_of(got)))
    return _shape_flaw(got, due) or _dtype_flaw(got, due) or _value_flaw(got, due, allowed)


def that_of(name: str) -> Text:
    """Describe the right shape of a gradient: that of its input."""
    return Text("that of `{name}`", name=name)


def wrong_result(where: str, predicate: Text) -> Text:
    """Say what is wrong with the result of a function or method."""
    return Text("The result of `{where}` {predicate}.", where=where, predicate=predicate, mistake=predicate.mistake)


def changed_in_place(label: str, what: Text | str) -> Text:
    """Say that a function or method changes one of its arguments in place."""
    return Text(
        "`{label}` changes {what} in place; compute a new tensor instead.", label=label, what=what, mistake="in place"
    )


def magnitude(error: float) -> str:
    """Return the power of ten nearest to `error` (``1e-3``), clamped; exact digits could carry hidden values out."""
    if not math.isfinite(error) or error >= 1e9:
        return "1e9"
    return f"1e{max(-9, round(math.log10(error)))}" if error > 0 else "0"


def number_in(value: object) -> int | float | None:
    """Return a Python number, or the entry of a one-element tensor; None for anything else."""
    if type(value) is Tensor and value.numel() == 1:
        value = value.item()
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def integer_in(value: object) -> int | None:
    """Return an integer, see `number_in`; None for anything else."""
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
