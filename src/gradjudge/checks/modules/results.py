"""Judge the tensors that a hand-written module or loss returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, Flaw, changed_in_place, flaw_in, that_of, wrong_result
from gradjudge.checks.functions.diagnosis import FEWEST, Sighting, diagnose
from gradjudge.checks.functions.references import WRONG_AT_SPECIAL, Example, Reference
from gradjudge.checks.functions.wrong_outputs import diagnose_output
from gradjudge.checks.tolerance import Tolerance, near, tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require, uses_autograd
from gradjudge.judge.proxy.objects import CallableProxy

#: Passes in a row, enough for a mistake that shows only after a dozen calls.
MANY_PASSES = 16

_PASSED_THROUGH = Text("is delta itself, passed through: the local derivative is missing", mistake="local derivative")


def require_gradient(
    name: str,
    names: Sequence[str],
    given: Sequence[object],
    examples: Sequence[Example],
    reference: Reference,
    allowed: Tolerance,
    where: Text,
) -> None:
    """Require one gradient to be right in every example, compared flattened, and name a common mistake in it.

    Args:
        name, names: the variable that it is for, and all of the formula's.
        given: the student's gradient for each example.
        examples, reference: the right results.
        where: subject of the sentence, masculine in French: "What `Linear.backward` returns".

    Raises:
        CheckFailed: it is wrong somewhere.
    """
    place = list(names).index(name)
    flaws = [
        flaw_in(got, Due(example.gradients[place], that_of(name), flatten=True), allowed)
        for got, example in zip(given, examples, strict=True)
    ]
    first = next((flaw for flaw in flaws if flaw is not None), None)
    if first is None:
        return
    predicate = _predicate(first, flaws, given, examples, place, names, reference, allowed)
    fail(Text("{where} {predicate}.", where=where, predicate=predicate, mistake=predicate.mistake))


def _predicate(
    first: Flaw,
    flaws: Sequence[Flaw | None],
    given: Sequence[object],
    examples: Sequence[Example],
    place: int,
    names: Sequence[str],
    reference: Reference,
    allowed: Tolerance,
) -> Text:
    wrong = [
        Sighting(_in_shape(got, example.gradients[place]), place, example)
        for flaw, got, example in zip(flaws, given, examples, strict=True)
        if flaw is not None and type(got) is Tensor and flaw.kind in ("value", "shape")
    ]
    cause = diagnose(wrong, names, reference, allowed)
    if (
        cause is None
        and len(wrong) >= FEWEST
        and all(near_in_shape(one.got, one.example.cotangents[0], allowed) for one in wrong)
    ):
        cause = _PASSED_THROUGH
    return first.explained(cause)


def _in_shape(got: Tensor, right: Tensor) -> Tensor:
    return got.reshape(right.shape) if got.numel() == right.numel() else got


def require_output(output: object, right: Tensor, allowed: Tolerance, where: str) -> None:
    """Require a result of ``forward`` to have the formula's value and shape.

    Raises:
        CheckFailed: it does not.
    """
    flaw = flaw_in(output, Due(right), allowed)
    if flaw is not None:
        fail(wrong_result(where, flaw.text))


def require_outputs(
    given: Sequence[object],
    examples: Sequence[Example],
    names: Sequence[str],
    reference: Reference,
    allowed: Tolerance,
    where: str,
) -> None:
    """Require results of ``forward`` to be right in every example, and name a common mistake in them.

    Args:
        given: the student's result for each example.
        examples, reference: the right results.
        names: of the formula's variables.
        where: the method, for the message.

    Raises:
        CheckFailed: one is wrong.
    """
    wrong: list[tuple[Tensor, Example]] = []
    first: CheckFailed | None = None
    for got, example in zip(given, examples, strict=True):
        try:
            require_output(got, example.outputs[0], allowed, where)
        except CheckFailed as failed:
            first = first or failed
            if type(got) is Tensor:
                wrong.append((got, example))
    if first is None:
        return
    cause = diagnose_output([got for got, _ in wrong], [example for _, example in wrong], names, reference)
    if cause is None or first.text.mistake:
        raise first
    fail(wrong_result(where, cause))


def require_special(given: Sequence[object], right: Sequence[Tensor], allowed: Tolerance, where: str) -> None:
    """Require results of ``forward`` to be right at special points too; see `Reference.special`.

    Raises:
        CheckFailed: one is wrong.
    """
    if not all(near_in_shape(got, due, allowed) for got, due in zip(given, right, strict=True)):
        fail(wrong_result(where, WRONG_AT_SPECIAL))


def require_dtype(
    results: Mapping[str, object],
    plain: Mapping[str, object],
    dtype: torch.dtype,
    device: torch.device,
    label: str,
) -> None:
    """Require results to have the dtype `dtype`, and the values of `plain` to its precision.

    Raises:
        CheckFailed: one does not.
    """
    allowed = tolerance(device, dtype)
    words = str(dtype).removeprefix("torch.")
    for name, value in results.items():
        got = tensor_of(value, label, name)
        kind = str(got.dtype).removeprefix("torch.")
        require(
            got.dtype == dtype,
            Text(
                "For {words} inputs, `{label}` gives {kind} ({name}): keep the dtype of the inputs.",
                words=words,
                label=label,
                kind=kind,
                name=name,
                mistake="dtype",
            ),
        )
        require(
            near_in_shape(got, plain[name], allowed),
            Text("For {words} inputs, `{label}` gives other values ({name}).", words=words, label=label, name=name),
        )


def require_untouched(label: str, name: str, before: Tensor, after: object) -> None:
    """Require a tensor of the session to be unchanged.

    Raises:
        CheckFailed: it was changed in place.
    """
    require(
        type(after) is Tensor and torch.equal(after.cpu(), before),
        changed_in_place(label, name),
    )


def near_in_shape(got: object, right: object, allowed: Tolerance) -> bool:
    """Return whether two tensors have the same shape and are near."""
    both = type(got) is Tensor and type(right) is Tensor and got.shape == right.shape
    return both and near(got, right, allowed)  # type: ignore[arg-type]  # both are tensors


def tensor_of(value: object, label: str, name: str) -> Tensor:
    """Return `value` if it is a floating point tensor.

    Raises:
        CheckFailed: it is something else.
    """
    if type(value) is Tensor and value.is_floating_point():
        return value
    return fail(
        Text(
            "`{label}` gives no tensor of floating point numbers ({name}), so there is nothing to judge here.",
            label=label,
            name=name,
        ),
    )


def method_of(module: object, name: str, label: str) -> CallableProxy:
    """Return a method of an object of the session.

    Raises:
        CheckFailed: it has no method of that name.
    """
    method = getattr(module, name)
    if isinstance(method, CallableProxy):
        return method
    return fail(Text("`{label}.{name}` is no method.", label=label, name=name))


def cast(tensors: Sequence[Tensor], dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Cast floating point tensors; integer ones stay as they are."""
    return tuple(tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in tensors)


def fail_autograd(where: str, without: CheckFailed) -> NoReturn:
    """Fail a backward that is right only with autograd."""
    fail(
        uses_autograd(where),
        detail=f"{without.text} {without.detail}",
    )


def fail_raising_layout(label: str, raised: StudentRaised) -> NoReturn:
    """Fail a module that raises for inputs of another memory layout."""
    fail(
        Text(
            "`{label}` raises when its inputs are transposed views: `reshape` works there, `view` does not.",
            label=label,
            mistake="layout",
        ),
        detail=raised.detail,
    )


def fail_layout(label: str) -> NoReturn:
    """Fail a module whose results change with the memory layout of its inputs."""
    fail(Text("`{label}` gives other results when its inputs are transposed views.", label=label, mistake="layout"))


def require_lasting(label: str, last: Mapping[str, object], right: Mapping[str, Tensor], allowed: Tolerance) -> None:
    """Require the results of the last of many passes, by name, still to be right.

    Raises:
        CheckFailed: a module counts its calls, or keeps too much state.
    """
    for name, value in last.items():
        require(
            near_in_shape(value, right[name], allowed),
            Text(
                "After many passes, `{label}` gives a wrong result ({name}), although it was right before.",
                label=label,
                name=name,
            ),
        )
