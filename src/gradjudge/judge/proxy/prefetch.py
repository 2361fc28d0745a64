"""A Function whose answers are fetched beforehand: gradcheck's hundreds of visits in two messages.

`torch.autograd.gradcheck` visits, for each entry of each input, two points beside it, and pulls one-hot cotangents back
through the graph at the middle. All of that is known before it starts. What was not foreseen goes over the wire when
it is asked for, so an answer is never missing, only late. No graph is kept in the session.
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
    """Call the student's ``apply`` from answers fetched beforehand.

    The same bytes get the same answer, so repeating a call shows nothing here: whether the student's code repeats
    itself must be asked without this class.

    Args:
        function: the Function.
        inputs: the middle point; gradients are asked for the tensors that require grad.
        eps: distance of the neighbours, as given to gradcheck.

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
        """What forward gave at the middle point, as it came."""
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
        """Give the outputs at `inputs`, as tensors of a graph on this side."""
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
        """Give the gradients for the inputs that require grad: fetched ones, or asked for now."""
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
