"""Run torch's own gradcheck, unmodified and in slow mode, on the student's function."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gradjudge.checks.functions.references import signed
from gradjudge.checks.tolerance import Tolerance, tolerance
from gradjudge.checks.verdict import Text, fail
from gradjudge.judge.proxy.line import require_tensor
from gradjudge.judge.proxy.objects import function_of, label_of
from gradjudge.judge.proxy.prefetch import Prefetched

Outputs = Tensor | tuple[Tensor, ...]

#: Entries of all outputs together. Each takes a row of the Jacobian, and of what is prefetched.
MOST_ENTRIES = 2048


def gradcheck(
    function: object,
    inputs: Sequence[Tensor],
    *,
    rng: torch.Generator,
    allowed: Tolerance | None = None,
) -> None:
    """Run `torch.autograd.gradcheck` on the outputs times fixed random signed weights.

    The weights catch a backward that is right only for one-hot cotangents of 1 (``grad_output ** 2``, its absolute
    value, a clamp). All passes are prefetched in two messages and none is repeated, so gradcheck's own test of
    repeatability sees nothing.

    Args:
        function: a Function, ``student.NAME`` or ``student.NAME.apply``.
        inputs: float64 tensors (float32 with a matching `allowed`); those that require grad are judged.
        rng: generator of the weights.
        allowed: step and tolerances; by default those of the inputs' dtype on the CPU.

    Raises:
        CheckFailed: the gradients are not the derivatives (torch's message with both Jacobians is for staff), or the
            outputs are far larger than any check asks for, or of another dtype.
        StudentRaised: the student's code raised.
    """
    allowed = allowed or tolerance("cpu", next(tensor.dtype for tensor in inputs if tensor.requires_grad))
    weigh, owner = _Weights(rng), function_of(function)
    if owner is None:
        raise TypeError(f"gradcheck needs a Function of the student's, not {type(function).__name__}")
    prefetched = Prefetched(owner, inputs, eps=allowed.step)
    outputs = [require_tensor(o, label_of(owner)) for o in prefetched.outputs]
    _require_small(outputs, label_of(function))
    prefetched.fetch(_cotangents(outputs, weigh))

    def weighed(*points: Tensor) -> Outputs:
        given = prefetched(*points)
        _require_small([given] if isinstance(given, Tensor) else given, label_of(function))
        return weigh.all(given)

    _run(weighed, tuple(inputs), allowed, label_of(function))


def _require_small(outputs: Sequence[Tensor], label: str) -> None:
    """Fail for outputs whose Jacobian would be too large, or of another dtype than float32 and float64."""
    entries = sum(output.numel() for output in outputs)
    odd = [str(output.dtype) for output in outputs if output.dtype not in (torch.float32, torch.float64)]
    if odd or max(entries, len(outputs)) > MOST_ENTRIES:
        fail(
            Text("`{label}` gives far larger outputs, or outputs of another type, when gradcheck asks.", label=label),
            detail=f"{len(outputs)} outputs with {entries} entries, {odd[:1] or 'float32 or float64'}",
        )


class _Weights:
    """Multiply outputs by weights that are drawn once per output."""

    def __init__(self, rng: torch.Generator) -> None:
        self._rng = rng
        self._drawn: list[Tensor] = []

    def one(self, index: int, output: Tensor) -> Tensor:
        while len(self._drawn) <= index:
            self._drawn.append(signed(tuple(output.shape), self._rng, output.dtype))
        weights = self._drawn[index]
        # gradcheck itself reports an output that changes its shape near the point
        return weights if weights.shape == output.shape else torch.ones_like(output)

    def all(self, outputs: Outputs) -> Outputs:
        if isinstance(outputs, Tensor):
            return outputs * self.one(0, outputs)
        return tuple(output * self.one(index, output) for index, output in enumerate(outputs))


def _cotangents(outputs: Sequence[Tensor], weigh: _Weights) -> list[list[Tensor]]:
    """List the cotangents that gradcheck will pull back: each weighted one-hot, and weighted zero (with its signs)."""
    zeros = [torch.zeros_like(output) for output in outputs]
    rows = [[zero * weigh.one(index, zero) for index, zero in enumerate(zeros)]]
    for index, output in enumerate(outputs):
        for entry in range(output.numel()):
            one_hot = torch.zeros_like(output)
            one_hot.view(-1)[entry] = 1.0
            rows.append([*zeros[:index], one_hot * weigh.one(index, output), *zeros[index + 1 :]])
    return rows


def _run(function: Callable[..., Outputs], inputs: tuple[Tensor, ...], allowed: Tolerance, label: str) -> None:
    detail = "gradcheck gave False"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gradcheck warns about float32, which `allowed` accounts for
            passed = torch.autograd.gradcheck(
                function,
                inputs,
                eps=allowed.step,
                rtol=allowed.gradcheck_relative,
                atol=allowed.gradcheck_absolute,
            )
    except (RuntimeError, ValueError, AssertionError) as error:  # GradcheckError is a RuntimeError
        passed, detail = False, f"{type(error).__name__}: {error}"
    if passed is not True:
        fail(
            Text("gradcheck refuses `{label}`: its gradient is not the derivative of its own forward.", label=label),
            detail=detail,
        )
