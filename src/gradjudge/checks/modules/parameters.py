"""Parameters of hand-written modules in the session, told apart by the shapes of their data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.functions.references import Shape
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.verdict import Text, fail, require
from gradjudge.judge.proxy.objects import ObjectProxy
from gradjudge.judge.proxy.student import Student


class FoundParameter(NamedTuple):
    """A parameter in the session, and the shape of its data when it was found."""

    param: ObjectProxy
    shape: Shape


def load(recipe: Recipe, parameter: FoundParameter, data: Tensor, grad: Tensor | None = None) -> None:
    """Set a parameter's data, in its own shape, and its grad (zeros by default)."""
    param = recipe.of(parameter.param)
    recipe.set(param, "data", data.reshape(parameter.shape))
    recipe.set(param, "grad", (torch.zeros_like(data) if grad is None else grad).reshape(parameter.shape))


def match(student: Student, params: Sequence[object], shapes: Sequence[Shape], label: str) -> list[FoundParameter]:
    """Find, for each shape in turn, the parameter whose ``data`` has it; (1, p) counts as (p,).

    Raises:
        CheckFailed: their number or a shape differs, or one has no ``data``.
    """
    held = [param for param in params if isinstance(param, ObjectProxy)]
    require(
        len(held) == len(params) == len(shapes),
        Text(
            "`{label}.parameters()` gives {count} parameter(s); a list of {due} Param is expected.",
            label=label,
            count=len(params),
            due=len(shapes),
        ),
    )
    recipe = Recipe(student, label=f"{label}.parameters")
    datas = recipe.run(*(recipe.of(param).data for param in held))
    left = list(zip(held, datas, strict=True))
    found: list[FoundParameter] = []
    for shape in shapes:
        place = next((i for i, (_, data) in enumerate(left) if _has_shape(data, shape)), None)
        if place is None:
            return fail(Text("No parameter of `{label}` has the shape {shape}.", label=label, shape=str(list(shape))))
        param, data = left.pop(place)
        found.append(FoundParameter(param, tuple(data.shape)))
    return found


def _has_shape(data: object, shape: Shape) -> bool:
    return type(data) is Tensor and (
        tuple(data.shape) == shape or (len(shape) == 1 and tuple(data.shape) == (1, *shape))
    )
