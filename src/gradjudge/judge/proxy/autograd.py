"""Graphs in the judge over computations in the session: an autograd node that asks instead of computing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradjudge.judge.proxy.failures import CheckFailed
from gradjudge.judge.proxy.line import kind_of, require_tensor
from gradjudge.text import Text
from gradjudge.wire.messages import Value

Cotangents = Sequence[Tensor | None]


class Evaluation(NamedTuple):
    """One evaluation in the session, to be represented by a node.

    Attributes:
        label: name of the student's object, for messages.
        value: what the student's code returned: a tensor or a tuple of tensors, or something wrong.
        differentiable: for each output, whether it had a graph in the session; empty if there was none.
        pull: maps cotangents to one gradient (or None) per leaf.
    """

    label: str
    value: Value
    differentiable: tuple[bool, ...]
    pull: Callable[[Cotangents], Value]


def differentiate(known: Evaluation, leaves: tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    """Return the outputs of an evaluation as a node over `leaves`; a tuple if the student returned a tuple.

    Raises:
        CheckFailed: forward or, later, backward returned something other than tensors.
    """
    outputs = _tensors(known.value, known.label)
    if not known.differentiable:
        return outputs if type(known.value) is tuple else outputs[0]
    nodes = _Node.apply(known, outputs, *leaves)  # type: ignore[no-untyped-call]
    return tuple(nodes) if type(known.value) is tuple else nodes[0]


class _Node(torch.autograd.Function):
    """Return known outputs in forward; ask for gradients in backward."""

    @staticmethod
    def forward(ctx: Any, known: Evaluation, outputs: tuple[Tensor, ...], *leaves: Tensor) -> tuple[Tensor, ...]:
        ctx.known = known
        ctx.set_materialize_grads(False)
        ctx.shapes = [leaf.shape for leaf in leaves]
        fresh = tuple(output.clone() for output in outputs)
        flags = (*known.differentiable, *(True,) * len(outputs))
        ctx.mark_non_differentiable(*(t for t, flag in zip(fresh, flags, strict=False) if not flag))
        return fresh

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        if all(cotangent is None for cotangent in cotangents):
            return (None, None, *(None for _ in ctx.shapes))
        return (None, None, *_gradients(ctx.known.label, ctx.shapes, ctx.known.pull(cotangents)))


def _tensors(value: Value, label: str) -> tuple[Tensor, ...]:
    values = value if type(value) is tuple and value else (value,)
    return tuple(require_tensor(item, label) for item in values)


def _gradients(label: str, shapes: list[torch.Size], value: Value) -> list[Tensor | None]:
    if type(value) not in (tuple, list) or len(value) != len(shapes):
        raise _unusable(label, kind_of(value))
    gradients: list[Tensor | None] = []
    for gradient, shape in zip(value, shapes, strict=True):
        plain = None if gradient is None else require_tensor(gradient, label)
        if plain is not None and plain.shape != shape:
            raise _unusable(label, Text("shape {shape}", shape=str(list(plain.shape))))
        gradients.append(plain)
    return gradients


def _unusable(label: str, found: Text) -> CheckFailed:
    return CheckFailed(
        Text("The gradients of `{label}` are not one for each input: {found}.", label=label, found=found)
    )
