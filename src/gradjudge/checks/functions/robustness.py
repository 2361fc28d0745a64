"""The small points around a right derivative: precision, memory layout, no mutation, interleaved graphs.

A gradient or forward that is wrong in plain conditions has its own item and is left out here; if no gradient is right
there is nothing to judge, and the part fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, changed_in_place, flaw_in, that_of, wrong_result
from gradjudge.checks.functions.references import Example, when
from gradjudge.checks.functions.subjects import Subject, one_pass
from gradjudge.checks.tolerance import Tolerance, near, tolerance
from gradjudge.checks.verdict import Text, fail
from gradjudge.judge.proxy.line import raise_first
from gradjudge.wire.messages import Pass, PassResult

LAYOUTS = ("transposed", "strided")
SIDE_BY_SIDE = 3

_NOT_CONTIGUOUS = Text("for inputs that are not contiguous")


def judge_float32(subject: Subject) -> None:
    """Fail unless float32 in gives float32 out, right to float32's precision, and float64 gradients stay float64."""
    right, forward = _sound(subject)
    single = subject.example(dtype=torch.float32)
    allowed = tolerance(subject.device, torch.float32)
    _judge_dtype(subject, right, single, allowed, through="apply", forward=forward)
    for example in (single, subject.example()):
        _judge_dtype(subject, right, example, allowed, through="direct", forward=forward)


def judge_layouts(subject: Subject) -> None:
    """Fail if transposed or strided inputs, or transposed or expanded cotangents, change the results."""
    right, forward = _sound(subject)
    plain, constant = subject.example(), subject.example(constant=True)
    asked: list[tuple[int, Example, Pass]] = []
    for index in right:
        needs = subject.only(index)
        for layout in LAYOUTS:
            layouts = (layout,) * len(subject.shapes)
            asked.append((index, plain, one_pass(plain, needs, layouts=layouts, cotangent_layout="transposed")))
        asked.append((index, constant, one_pass(constant, needs, cotangent_layout="expanded")))
    results = subject.function.passes([one for _, _, one in asked])
    if any(result.raised is not None for result in results):
        fail(
            Text(
                "`{function}` raises when its inputs are not contiguous in memory (transposed, sliced or expanded): "
                "`reshape` works there, `view` does not.",
                function=subject.label,
                mistake="layout",
            ),
            detail=next(result.raised.text for result in results if result.raised),
        )
    for (index, example, _), result in zip(asked, results, strict=True):
        if forward:
            _require_outputs(subject, result, example, subject.allowed, _NOT_CONTIGUOUS)
        _require_gradient(subject, index, result, example, subject.allowed, _NOT_CONTIGUOUS)


def judge_no_mutation(subject: Subject) -> None:
    """Fail if forward or backward changes an input or grad_output in place."""
    right, _ = _sound(subject)
    example = subject.example()
    passes = [one_pass(example, subject.only(index)) for index in right]
    for through in ("apply", "direct"):
        for result in subject.ask(passes, through=through):
            _require_untouched(result.inputs_after, example.inputs, subject, Text("an input"))
            after = result.cotangents_after[0] if len(result.cotangents_after) == 1 else ()
            _require_untouched(after, example.cotangents, subject, "grad_output")


def judge_interleaved(subject: Subject) -> None:
    """Fail unless several forwards may precede their backwards: what backward needs belongs on ctx."""
    right, _ = _sound(subject)
    for index in right:
        examples = [subject.example() for _ in range(SIDE_BY_SIDE)]
        results = subject.ask([one_pass(example, subject.only(index)) for example in examples], interleave=True)
        for example, result in zip(examples, results, strict=True):
            if not _gradient_near(result, index, example, subject.allowed):
                fail(
                    Text(
                        "When `{function}` runs forward several times before backward, the gradient is wrong: keep "
                        "what backward needs on `ctx`, not on the class or in a global variable.",
                        function=subject.label,
                        mistake="state",
                    )
                )


def _sound(subject: Subject) -> tuple[list[int], bool]:
    """Return the inputs whose gradients are right in plain conditions, and whether forward is right.

    By hand (where an unsummed gradient is wrong) and through ``apply``.
    """
    example = subject.example()
    indices = range(len(subject.shapes))
    by_apply = subject.function.passes([one_pass(example, subject.only(index)) for index in indices])
    (by_hand,) = subject.function.passes([one_pass(example, subject.every())], through="direct")
    right = [
        index
        for index in indices
        if all(_gradient_near(result, index, example, subject.allowed) for result in (by_apply[index], by_hand))
    ]
    if not right:
        fail(
            Text("No gradient of `{function}` is right yet, so there is nothing to judge here.", function=subject.label)
        )
    return right, all(_outputs_near(result, example, subject.allowed) for result in (*by_apply, by_hand))


def _outputs_near(result: PassResult, example: Example, allowed: Tolerance) -> bool:
    return len(result.outputs) == len(example.outputs) and all(
        type(got) is Tensor and got.shape == right.shape and near(got, right, allowed)
        for got, right in zip(result.outputs, example.outputs, strict=True)
    )


def _gradient(result: PassResult, index: int) -> object:
    """Return the gradient for one input; None if backward raised or returned too few."""
    given = result.grads[0] if result.grads and result.raised is None else ()
    return given[index] if index < len(given) else None


def _gradient_near(result: PassResult, index: int, example: Example, allowed: Tolerance) -> bool:
    got, right = _gradient(result, index), example.gradients[index]
    return type(got) is Tensor and got.numel() == right.numel() and near(got, right, allowed)


def _judge_dtype(
    subject: Subject, right: Sequence[int], example: Example, allowed: Tolerance, *, through: str, forward: bool
) -> None:
    dtype = example.inputs[0].dtype
    results = subject.function.passes([one_pass(example, subject.only(index)) for index in right], through=through)
    words = str(dtype).removeprefix("torch.")
    where = Text("in {dtype}", dtype=words)
    for output in (output for result in results for output in result.outputs):
        if type(output) is Tensor and output.dtype != dtype:
            _fail_dtype(subject, output.dtype, words)
    raise_first(results, subject.label)
    for index, result in zip(right, results, strict=True):
        if forward:
            _require_outputs(subject, result, example, allowed, where)
        _require_gradient(subject, index, result, example, allowed, where, dtype)


def _require_outputs(subject: Subject, result: PassResult, example: Example, allowed: Tolerance, where: Text) -> None:
    if not _outputs_near(result, example, allowed):
        fail(wrong_result(subject.label, Text("is wrong {where}", where=where)))


def _require_gradient(
    subject: Subject,
    index: int,
    result: PassResult,
    example: Example,
    allowed: Tolerance,
    where: Text,
    dtype: torch.dtype | None = None,
) -> None:
    name = subject.names[index]
    due = Due(example.gradients[index], that_of(name), dtype, flatten=True)
    flaw = flaw_in(_gradient(result, index), due, allowed)
    if flaw is not None:
        fail(subject.wrong_gradient(name, when(flaw.text, where, mistake=flaw.text.mistake)))


def _fail_dtype(subject: Subject, found: torch.dtype, due: str) -> None:
    fail(
        Text(
            "The result of `{function}` has dtype {found} for inputs of dtype {due}: keep the dtype of the inputs.",
            function=subject.label,
            found=str(found).removeprefix("torch."),
            due=due,
            mistake="dtype",
        )
    )


def _require_untouched(after: Sequence[object], before: Sequence[Tensor], subject: Subject, what: Text | str) -> None:
    same = len(after) == len(before) and all(
        type(now) is Tensor and torch.equal(now, then) for now, then in zip(after, before, strict=True)
    )
    if not same:
        fail(changed_in_place(subject.label, what))


ASPECTS: dict[str, Callable[[Subject], None]] = {
    "float32": judge_float32,
    "non-contiguous": judge_layouts,
    "no-mutation": judge_no_mutation,
    "interleaved": judge_interleaved,
}
"""What `FunctionCheck.robust` judges, by name."""
