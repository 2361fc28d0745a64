"""A Function with prefetched results: gradcheck's hundreds of calls in two messages.

`torch.autograd.gradcheck` evaluates two neighbours for each entry of each input, and pulls one-hot cotangents back
through the graph at the middle point, all known in advance. Anything else is fetched when needed. No graph is kept in
the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from gradjudge.judge.proxy.autograd import Cotangents, Evaluation, differentiate
from gradjudge.judge.proxy.line import raise_first
from gradjudge.judge.proxy.objects import FunctionProxy, label_of
from gradjudge.wire.messages import Pass, PassResult, Value

Key = tuple[tuple[torch.dtype, torch.Size, bytes], ...]


class Prefetched:
    """The student's ``apply``, answered from prefetched results.

    Equal inputs get the same result, so this class cannot show whether the student's code is deterministic.

    Args:
        function: the Function.
        inputs: the middle point; gradients are requested for tensors that require grad.
        eps: distance of the neighbours, as passed to gradcheck.

    Raises:
        StudentRaised: forward raised at one of the points.
    """

    def __init__(self, function: FunctionProxy, inputs: Sequence[Tensor], *, eps: float) -> None:
        self._function = function
        self.label = f"{label_of(function)}.apply"
        self._needs = tuple(tensor.requires_grad for tensor in inputs)
        self._middle = tuple(tensor.detach().clone() for tensor in inputs)
        points = [self._middle, *_neighbours(self._middle, self._needs, eps)]
        results = self._ask(Pass(point, self._needs) for point in points)
        self._results = {_key(point): result for point, result in zip(points, results, strict=True)}
        self._rows: dict[Key, Value] = {}

    @property
    def outputs(self) -> tuple[Value, ...]:
        """What forward returned at the middle point, unchecked."""
        return self._results[_key(self._middle)].outputs

    def fetch(self, cotangents: Sequence[Sequence[Tensor]]) -> None:
        """Pull sets of cotangents (one tensor per output) back through one graph at the middle point.

        Raises:
            StudentRaised: backward raised.
        """
        sets = tuple(tuple(one) for one in cotangents)
        (result,) = self._ask([Pass(self._middle, self._needs, sets)])
        for one, gradients in zip(sets, result.grads, strict=True):
            self._rows[_key(one)] = gradients

    def __call__(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the outputs at `inputs`, as tensors with a graph in this process."""
        point = tuple(tensor.detach().clone() for tensor in inputs)
        result = self._results.get(_key(point)) or self._ask([Pass(point, self._needs)])[0]
        outputs = result.outputs
        known = Evaluation(
            self.label,
            outputs[0] if result.output_is_tensor and len(outputs) == 1 else outputs,
            tuple(bool(name) for name in result.grad_fns),
            partial(self._pull, point, outputs),
        )
        return differentiate(known, tuple(tensor for tensor in inputs if tensor.requires_grad))

    def _pull(self, point: tuple[Tensor, ...], outputs: Sequence[Tensor], cotangents: Cotangents) -> Value:
        """Return the gradients of the inputs that require grad, fetching them if necessary."""
        filled = tuple(torch.zeros_like(o) if c is None else c for o, c in zip(outputs, cotangents, strict=True))
        row = self._rows.get(_key(filled)) if _key(point) == _key(self._middle) else None
        if row is None:
            row = self._ask([Pass(point, self._needs, (filled,))])[0].grads[0]
        return tuple(gradient for gradient, need in zip(row, self._needs, strict=True) if need)

    def _ask(self, passes: Iterable[Pass]) -> tuple[PassResult, ...]:
        results = self._function.passes(tuple(passes))
        raise_first(results, label_of(self._function))
        return results


def _neighbours(middle: tuple[Tensor, ...], needs: tuple[bool, ...], eps: float) -> Iterator[tuple[Tensor, ...]]:
    for index, tensor in enumerate(middle):
        for entry in range(tensor.numel() if needs[index] else 0):
            for step in (-eps, eps):
                moved = tensor.clone()
                moved.view(-1)[entry] += step
                yield (*middle[:index], moved, *middle[index + 1 :])


def _key(tensors: Sequence[Tensor]) -> Key:
    return tuple((t.dtype, t.shape, t.detach().numpy().tobytes()) for t in tensors)
