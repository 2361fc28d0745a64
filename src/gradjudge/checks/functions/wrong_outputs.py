"""Name the mistake behind a wrong result of a forward pass; `diagnosis` does so for gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations

import torch
from torch import Tensor

from gradjudge.checks.functions.diagnosis import FEWEST, OPPOSITE, OTHER_AXIS, VALUES, fits, sizes, times
from gradjudge.checks.functions.misread import root_scale, with_absolute_values, without_squares
from gradjudge.checks.functions.references import Example, Reference
from gradjudge.text import Text

Arrangement = tuple[tuple[Tensor, ...], Text]
"""Rearranged inputs of a forward, and what to say if it is right for these."""


def diagnose_output(
    given: Sequence[Tensor], examples: Sequence[Example], names: Sequence[str], reference: Reference
) -> Text | None:
    """Return the mistake that explains all wrong results, as a predicate ("is 1/p times the right one"); None if none.

    Args:
        given: the student's results, finite, of a formula with one output; best at different shapes.
        examples: what each is for.
        names: names of the inputs, in order.
        reference: the right formula.
    """
    if len(examples) < FEWEST or any(len(example.outputs) != 1 for example in examples):
        return None
    pairs = list(zip(given, examples, strict=True))
    if all(not example.outputs[0].ndim and got.ndim for got, example in pairs) and any(
        got.numel() > 1 for got in given
    ):
        return _unreduced(pairs)
    for name, value in VALUES.items():
        for sign in ("", "-"):
            if all(_times(got, example, value, sign) for got, example in pairs):
                return times(f"{sign}{name}")
    if all(fits(-example.outputs[0], got) for got, example in pairs):
        return OPPOSITE
    if all(fits(_other_axis(example, reference), got) for got, example in pairs):
        return OTHER_AXIS
    misread = _misread(pairs, reference)
    if misread is not None:
        return misread
    for index, name in enumerate(names):
        if all(fits(_changed(example, index, torch.neg, reference), got) for got, example in pairs):
            return Text("is what it would be for -{name}", name=name, mistake=f"sign of {name}")
        if all(fits(_changed(example, index, torch.zeros_like, reference), got) for got, example in pairs):
            return Text("is what it would be without `{name}`", name=name, mistake=f"without {name}")
    return None


def _misread(pairs: Sequence[tuple[Tensor, Example]], reference: Reference) -> Text | None:
    """Name a missing square, with or without a common factor."""
    for change, text in _SQUARES:
        changed = change(reference)
        outputs = [changed.outputs(example.inputs)[0] for _, example in pairs]
        for value in (lambda _q, _p: 1.0, *VALUES.values()):
            if all(
                (shape := sizes(example)) is not None and fits(output * value(*shape), got)
                for output, (got, example) in zip(outputs, pairs, strict=True)
            ):
                return text
    for way in range(3):
        if all(
            (shape := sizes(example)) is not None
            and len(scales := root_scale(example, shape[0])) > way
            and fits(example.outputs[0] * scales[way], got)
            for got, example in pairs
        ):
            return Text("has one square root too many: the norm must be squared", mistake="power")
    return None


_SQUARES: tuple[tuple[Callable[[Reference], Reference], Text], ...] = (
    (without_squares, Text("is what it would be without the square", mistake="power")),
    (with_absolute_values, Text("has absolute values where there must be squares", mistake="power")),
)


def arrangements(example: Example, names: Sequence[str]) -> Iterator[Arrangement]:
    """Yield other orders of the inputs, then each matrix transposed: what a forward that raises may be right for."""
    for order in list(permutations(range(len(names))))[1:]:
        listed = ", ".join(names[index] for index in order)
        due = ", ".join(names)
        yield (
            tuple(example.inputs[index] for index in order),
            Text("takes its arguments in the order {order}; it must be {due}", order=listed, due=due, mistake="order"),
        )
    for index, name in enumerate(names):
        if example.inputs[index].ndim == 2:
            turned = (*example.inputs[:index], example.inputs[index].T.contiguous(), *example.inputs[index + 1 :])
            yield turned, Text("takes `{name}` transposed", name=name, mistake="transposed")


def _times(got: Tensor, example: Example, value: Callable[[int, int], float], sign: str) -> bool:
    shape = sizes(example)
    return shape is not None and fits(example.outputs[0] * value(*shape) * (-1 if sign else 1), got)


def _unreduced(pairs: Sequence[tuple[Tensor, Example]]) -> Text | None:
    """Name a missing sum, if the entries add up to the right number, or to it times a common factor."""
    for value in (lambda _q, _p: 1.0, *VALUES.values()):
        if all(
            (shape := sizes(example)) is not None and fits(example.outputs[0] * value(*shape), got.double().sum())
            for got, example in pairs
        ):
            return Text(
                "has shape {shape}, not a scalar (0 dimensions): its entries are not added up",
                shape=str(list(pairs[0][0].shape)),
                mistake="unreduced",
            )
    return None


def _other_axis(example: Example, reference: Reference) -> Tensor | None:
    if len(example.inputs) != 1 or example.inputs[0].ndim != 2 or example.outputs[0].ndim != 2:
        return None
    return reference.outputs((example.inputs[0].T,))[0].T


def _changed(example: Example, index: int, change: Callable[[Tensor], Tensor], reference: Reference) -> Tensor | None:
    given = example.inputs
    changed = (*given[:index], change(given[index]), *given[index + 1 :])
    try:
        return reference.outputs(changed)[0]
    except (RuntimeError, IndexError):  # the formula may be undefined there
        return None
