"""What is wrong with one tensor of the student's: its kind, shape, dtype, or value, in words without hidden values."""

from __future__ import annotations

import math

import msgspec
import torch
from torch import Tensor

from gradjudge.checks.tolerance import Tolerance, difference
from gradjudge.proxy.line import kind_of
from gradjudge.text import Text


class Flaw(msgspec.Struct, frozen=True):
    """Describe one flaw as a predicate: "is None", "has shape [7, 5], not that of `w`".

    Attributes:
        kind: "kind", "none", "empty", "shape", "dtype", "not-finite" or "value".
        text: the predicate; its subject is masculine in French ("votre gradient", "le résultat").
    """

    kind: str
    text: Text


class Due(msgspec.Struct, frozen=True):
    """Say what a result must be like.

    Attributes:
        value: the right values.
        shape: words for the right shape ("that of `w`", "celle de `w`").
        dtype: the dtype that it must have, or None if only floating point is asked for.
        flatten: compare after ``reshape(-1)``, so that only the number of entries counts.
    """

    value: Tensor
    shape: Text
    dtype: torch.dtype | None = None
    flatten: bool = False


def flaw_in(got: object, due: Due, allowed: Tolerance) -> Flaw | None:
    """Find the first flaw of `got`, in the order kind, shape, dtype, finite, value; None if there is none."""
    if got is None:
        return Flaw("none", Text.own("is None; a tensor is expected", "vaut None ; on attend un tenseur", "none"))
    if type(got) is not Tensor:
        en, fr = kind_of(got)
        return Flaw("kind", Text.own(f"is {en}; a tensor is expected", f"est {fr} ; on attend un tenseur"))
    return _shape_flaw(got, due) or _dtype_flaw(got, due) or _value_flaw(got, due, allowed)


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
        return Flaw("empty", Text.own("is empty", "est vide"))
    shape = list(got.shape)
    return Flaw("shape", Text.own(f"has shape {shape}, not {due.shape.en}", f"a la forme {shape}, pas {due.shape.fr}"))


def _dtype_flaw(got: Tensor, due: Due) -> Flaw | None:
    right = got.dtype.is_floating_point if due.dtype is None else got.dtype == due.dtype
    if right:
        return None
    name = str(got.dtype).removeprefix("torch.")
    text = Text.own(f"has dtype {name}, not that of the inputs", f"est de type {name}, pas celui des entrées", "dtype")
    return Flaw("dtype", text)


def _value_flaw(got: Tensor, due: Due, allowed: Tolerance) -> Flaw | None:
    if not bool(torch.isfinite(got).all()):
        return Flaw("not-finite", Text.own("contains NaN or infinity", "contient NaN ou l'infini"))
    error = difference(got, due.value, allowed)
    if error <= allowed.relative:
        return None
    size = magnitude(error)
    return Flaw(
        "value", Text.own(f"is wrong (relative error of about {size})", f"est faux (erreur relative d'environ {size})")
    )
