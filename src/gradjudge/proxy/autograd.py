"""Graphs on this side whose work is done on the other: a node of autograd that asks instead of computing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradjudge.proxy.failures import CheckFailed
from gradjudge.proxy.line import Line, kind_of, require_tensor
from gradjudge.text import Text
from gradjudge.wire.messages import Value, Vjp


class Remote(ABC):
    """One evaluation that a node stands for.

    Attributes:
        label: name of the student's object, for messages.
        differentiable: for each output, whether the session has a graph behind it; empty if it has none at all.
    """

    label: str
    differentiable: tuple[bool, ...] = ()

    @abstractmethod
    def forward(self, leaves: tuple[Tensor, ...]) -> Value:
        """Give what the student's code gave: a tensor or a tuple of tensors, or something wrong."""

    @abstractmethod
    def backward(self, cotangents: tuple[Tensor | None, ...]) -> Value:
        """Give one gradient (or None) for each leaf."""

    def pull(self, line: Line, graph: int, cotangents: tuple[Tensor | None, ...]) -> Value:
        """Ask the session to pull cotangents back through one of its graphs."""
        plain = tuple(None if c is None else c.detach().contiguous() for c in cotangents)
        return line.answer(Vjp(graph, plain), self.label).value


def differentiate(remote: Remote, leaves: tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    """Evaluate `remote` as a node over `leaves`; a tuple when the student gave a tuple.

    Raises:
        CheckFailed: something else than tensors came back, in forward or in backward.
    """
    value = remote.forward(leaves)
    outputs = _tensors(value, remote.label)
    if not remote.differentiable:
        return outputs if type(value) is tuple else outputs[0]
    nodes = _Node.apply(remote, outputs, *leaves)  # type: ignore[no-untyped-call]
    return tuple(nodes) if type(value) is tuple else nodes[0]


class _Node(torch.autograd.Function):
    """Carry outputs that are already known; ask for gradients when autograd does."""

    @staticmethod
    def forward(ctx: Any, remote: Remote, outputs: tuple[Tensor, ...], *leaves: Tensor) -> tuple[Tensor, ...]:
        ctx.remote = remote
        ctx.set_materialize_grads(False)
        ctx.shapes = [leaf.shape for leaf in leaves]
        fresh = tuple(output.clone() for output in outputs)
        flags = (*remote.differentiable, *(True,) * len(outputs))
        ctx.mark_non_differentiable(*(t for t, flag in zip(fresh, flags, strict=False) if not flag))
        return fresh

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        if all(cotangent is None for cotangent in cotangents):
            return (None, None, *(None for _ in ctx.shapes))
        return (None, None, *_gradients(ctx.remote, ctx.shapes, ctx.remote.backward(cotangents)))


def _tensors(value: Value, label: str) -> tuple[Tensor, ...]:
    values = value if type(value) is tuple and value else (value,)
    return tuple(require_tensor(item, label) for item in values)


def _gradients(remote: Remote, shapes: list[torch.Size], value: Value) -> list[Tensor | None]:
    if type(value) not in (tuple, list) or len(value) != len(shapes):
        raise _unusable(remote.label, kind_of(value))
    gradients: list[Tensor | None] = []
    for gradient, shape in zip(value, shapes, strict=True):
        plain = None if gradient is None else require_tensor(gradient, remote.label)
        if plain is not None and plain.shape != shape:
            raise _unusable(remote.label, Text("shape {shape}", shape=str(list(plain.shape))))
        gradients.append(plain)
    return gradients


def _unusable(label: str, found: Text) -> CheckFailed:
    return CheckFailed(
        Text("The gradients of `{label}` are not one for each input: {found}.", label=label, found=found)
    )
