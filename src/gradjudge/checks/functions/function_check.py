"""The battery for a hand-written ``torch.autograd.Function``: judged part by part against a plain formula.

Each part is a check of its own, so that every input's gradient earns its own points and one mistake is paid for once.
Of 35 wrong Functions built to slip past gradcheck, gradcheck alone caught 7; a prototype of these parts caught 34.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import permutations
from typing import Any

import msgspec
import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, Flaw, flaw_in, that_of, wrong_result
from gradjudge.checks.functions.derivatives import Derivative
from gradjudge.checks.functions.diagnosis import FEWEST, VALUES
from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.checks.functions.misread import elementwise, square_shapes
from gradjudge.checks.functions.references import (
    WRONG_AT_SPECIAL,
    Example,
    Formula,
    Reference,
    ReferenceBackward,
    Shape,
)
from gradjudge.checks.functions.robustness import ASPECTS
from gradjudge.checks.functions.subjects import Subject, forward_only, named, one_pass
from gradjudge.checks.functions.wrong_outputs import arrangements, diagnose_output
from gradjudge.checks.tolerance import near
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail
from gradjudge.judge.proxy.line import kind_of
from gradjudge.judge.proxy.objects import CallableProxy, FunctionProxy, ObjectProxy, called_with_leaves, label_of
from gradjudge.wire.messages import Pass, PassResult

OWN_FORWARD_FIT = 1e-6

_ELEMENT_WISE = Text(
    "multiplies element by element (`*`) where a matrix product (`@`) is needed", mistake="element-wise"
)


class FunctionCheck:
    """Judge the Function `function` against a plain formula, one part at a time.

    Each part draws its own inputs from `rng`, takes a few messages, and raises `CheckFailed` (or `StudentRaised`) if it
    fails.

    Args:
        function: the proxy ``student.NAME``.
        formula: the same function in plain torch; differentiated here by autograd, in float64.
        shapes: the shape of each input, by name, in order.
        rng: CPU generator of inputs, cotangents and weights.
        device: the session's device; decides tolerances.
        also_shapes: further sets of shapes at which values and gradients are compared (a batch of 64, tall, one
            column...). A mistake is named only from draws that tell q from p, so give at least one.
        scales: further magnitudes at which gradients are compared; only for homogeneous functions (no exp).
        backward: ``backward(cotangents, *inputs) -> gradients``, instead of autograd over `formula`.

    Raises:
        CheckFailed: `function` is not a Function.
    """

    def __init__(
        self,
        function: Any,
        formula: Formula,
        shapes: Mapping[str, Shape],
        *,
        rng: torch.Generator,
        device: torch.device | str = "cpu",
        also_shapes: Sequence[Mapping[str, Shape]] = (),
        scales: Sequence[float] = (),
        backward: ReferenceBackward | None = None,
    ) -> None:
        self._subject = Subject(
            _require_function(function),
            Reference(formula, rng, backward),
            named(shapes),
            tuple(named(more) for more in also_shapes),
            tuple(scales),
            torch.device(device),
        )

    def forward(self) -> None:
        """Compare value, shape and dtype with the formula at every set of shapes, by hand and through ``apply``."""
        subject = self._subject
        examples = [subject.example(), subject.example(), *subject.further_examples()]
        for through, where in (("direct", "forward"), ("apply", "apply")):
            try:
                results = subject.ask([forward_only(example) for example in examples], through=through)
            except StudentRaised as raised:
                raise (
                    self._explain_order(examples, through) or self._explain_misread(examples, through, raised) or raised
                ) from None
            for example, result in zip(examples, results, strict=True):
                self._require_outputs(
                    result, example, f"{subject.label}.{where}", partial(self._cause, examples, results)
                )
        self._judge_special_outputs()

    def bound(self, apply: Any) -> None:
        """Judge the name that should be bound to ``function.apply`` (``student.mse``): it must run this class.

        Its results must be right as well, so that it earns nothing before the class is written.
        """
        subject, name, example = self._subject, label_of(apply), self._subject.example()
        if not isinstance(apply, CallableProxy):
            _fail_unbound(name, subject.label)
        try:
            result = called_with_leaves(apply, example.inputs)
        except StudentRaised as raised:
            (own,) = subject.function.passes([one_pass(example, subject.every())], through="apply")
            if own.raised is not None:  # not about the name: judged with the gradients
                value = apply(*example.inputs)
                self._require_outputs(PassResult(_as_tuple(value), type(value) is not tuple), example, name)
                return
            fail(
                Text(
                    "`{name}` cannot be called, though `{function}.apply` can: a Function is called by its `apply`, "
                    "with a static `forward` and `backward`, and never as an instance, `{function}()(...)`.",
                    name=name,
                    function=subject.label,
                    mistake="not apply",
                ),
                detail=raised.detail,
            )
        self._require_outputs(result, example, name)
        if any(node != subject.node_name() for node in result.grad_fns) or not result.grad_fns:
            _fail_unbound(name, subject.label)

    def in_its_own_convention(self) -> FunctionCheck | None:
        """Return the check for the formula times a common factor (mean for sum, half) for which ``forward`` is right.

        None if there is no such factor, or ``forward`` is right as it is. The formula must have one result.
        """
        subject = self._subject
        examples = [subject.example(), *subject.further_examples()]
        results = subject.function.passes([forward_only(example) for example in examples], through="direct")
        for value in VALUES.values():
            other = copy(self)
            other._subject = subject.times(value)
            at = [other._subject.reference.at(example.inputs, example.cotangents) for example in examples]
            if all(other._is_right(result, example) for result, example in zip(results, at, strict=True)):
                return other
        return None

    def order(self) -> tuple[str, ...]:
        """Return the names of the inputs in the order in which ``forward`` is right, or else in the stated one."""
        return self._in_own_order().names

    def gradient(self, name: str, *, flatten: bool = False) -> None:
        """Judge the gradient with respect to `name` in all respects.

        By hand under ``inference_mode`` (where autograd cannot be used), through autograd (signs and sizes of
        grad_output, all shapes, every choice of inputs that require grad, many calls), and by gradcheck where the
        student's forward is the formula. With `flatten` the values are compared after ``reshape(-1)``: (1, p) for (p,)
        passes, an unsummed (q, p) fails.

        This and the parts below take the arguments in the order in which ``forward`` is right: a wrong order is paid
        for there.
        """
        self._judge(lambda subject: Derivative(subject, name, flatten=flatten).judge())

    def shape_of_gradient(self, name: str, *, also: Sequence[Shape] = (), paid: bool = False) -> None:
        """Compare the exact shape of the gradient of `name` (called by hand), at its own shape and at each of `also`.

        The values must be right as well; with `paid` (they were judged, and wrong, elsewhere) a constant factor and a
        missing sum over the batch are forgiven.
        """
        self._judge(lambda subject: _judge_shape(subject, name, also, paid))

    def robust(self, aspect: str) -> None:
        """Judge one of the `ASPECTS` of robustness, by its name.

        Only gradients that are right in plain conditions are judged; if none is, the part fails.
        """
        self._judge(ASPECTS[aspect])

    def own_forward_gradient(self, name: str, *, flatten: bool = False) -> None:
        """Accept the gradient of `name` if it is right for the formula, or for the student's own forward.

        That forward must be the formula with another reduction (mean for sum, by column, element-wise, half): the
        gradient of the sum of its outputs is proportional to the formula's.
        """

        def judge(subject: Subject) -> None:
            derivative = Derivative(subject, name, flatten=flatten)
            try:
                derivative.judge()
            except CheckFailed:
                derivative.judge_by_hand(value=False)
                self._judge_own_forward(subject, subject.names.index(name))

        self._judge(judge)

    def _judge(self, part: Callable[[Subject], None]) -> None:
        """Judge a part in the stated order of the inputs; if it fails, in the order in which forward is right."""
        try:
            part(self._subject)
        except CheckFailed:
            other = self._in_own_order()
            if other is self._subject:
                raise
            part(other)

    def _in_own_order(self) -> Subject:
        """Return the subject with its inputs in the order in which ``forward`` is right."""
        subject, names = self._subject, self._subject.names
        examples = [subject.example(), *subject.further_examples()]
        for order in permutations(range(len(names))):
            asked = [Pass(tuple(example.inputs[i] for i in order), (False,) * len(names)) for example in examples]
            results = subject.function.passes(asked, through="direct")
            if all(self._is_right(result, example) for result, example in zip(results, examples, strict=True)):
                return subject if order == tuple(range(len(names))) else subject.reordered(order)
        return subject

    def _judge_own_forward(self, subject: Subject, index: int) -> None:
        example = subject.example()
        needs = subject.only(index)
        (first,) = subject.ask([Pass(example.inputs, needs)])
        ones = tuple(torch.ones_like(output) for output in first.outputs if type(output) is Tensor)
        if not ones or len(ones) != len(first.outputs):
            self._fail_own(subject, index)
        (result,) = subject.ask([Pass(example.inputs, needs, (ones,))])
        like = subject.reference.at(example.inputs, tuple(torch.ones_like(output) for output in example.outputs))
        if not _positively_proportional(result.grads[0][index], like.gradients[index]):
            self._fail_own(subject, index)
        inputs = [x.clone().requires_grad_(need) for x, need in zip(example.inputs, needs, strict=True)]
        gradcheck(subject.function, inputs, rng=subject.reference.rng, allowed=subject.allowed)

    def _fail_own(self, subject: Subject, index: int) -> None:
        fail(
            subject.wrong_gradient(subject.names[index], Text("is not right for another reduction (mean, sum) either"))
        )

    def _judge_special_outputs(self) -> None:
        examples, label = self._subject.special_examples(), self._subject.label
        results = self._subject.ask([forward_only(example) for example in examples], through="direct")
        if not all(self._is_right(result, example) for example, result in zip(examples, results, strict=True)):
            fail(wrong_result(f"{label}.forward", WRONG_AT_SPECIAL))

    def _explain_order(self, examples: Sequence[Example], through: str) -> CheckFailed | None:
        """Explain a forward that raises, if it is right for another order of its inputs or a transposed one."""
        subject, names = self._subject, self._subject.names
        candidates = [list(arrangements(example, names)) for example in examples]
        for way, (_, text) in enumerate(candidates[0]):
            results = subject.function.passes(
                [Pass(other[way][0], tuple(False for _ in names)) for other in candidates], through=through
            )
            if all(self._is_right(result, example) for result, example in zip(results, examples, strict=True)):
                return self._wrong_forward(text)
        return None

    def _explain_misread(self, examples: Sequence[Example], through: str, raised: StudentRaised) -> CheckFailed | None:
        """Explain a forward that raises, if it has no ctx, or takes a matrix product element by element."""
        if raised.cause == "arguments" and through == "direct":
            due = f"forward({', '.join(('ctx', *self._subject.names))})"
            text = Text("must be `{due}`", due=due)
            if self._is_right_without_context(examples[0]):
                text = Text("has no `ctx`: write `{due}`", due=due, mistake="ctx")
            return self._wrong_forward(text, raised.detail)
        if self._is_elementwise(through):
            return self._wrong_forward(_ELEMENT_WISE, raised.detail)
        return None

    def _wrong_forward(self, predicate: Text, detail: str = "") -> CheckFailed:
        text = Text(
            "`{function}.forward` {predicate}.",
            function=self._subject.label,
            predicate=predicate,
            mistake=predicate.mistake,
        )
        return CheckFailed(text, detail=detail)

    def _is_right_without_context(self, example: Example) -> bool:
        try:
            given = self._subject.function.forward(*example.inputs)
        except CheckFailed:
            return False
        return self._is_right(PassResult(given if type(given) is tuple else (given,)), example)

    def _is_elementwise(self, through: str) -> bool:
        """Return whether forward is the formula with `*` for `@`, at shapes where both are defined."""
        subject = self._subject
        changed = elementwise(subject.reference)
        try:
            examples = [subject.reference.example(square_shapes(subject.shapes, size)) for size in (3, 4)]
            wrong = [msgspec.structs.replace(example, outputs=changed.outputs(example.inputs)) for example in examples]
        except (RuntimeError, IndexError):
            return False
        if near(wrong[0].outputs[0], examples[0].outputs[0], subject.allowed):
            return False
        results = subject.function.passes([forward_only(example) for example in examples], through=through)
        return all(self._is_right(result, example) for result, example in zip(results, wrong, strict=True))

    def _is_right(self, result: PassResult, example: Example) -> bool:
        return len(result.outputs) == len(example.outputs) and all(
            flaw_in(output, Due(right), self._subject.allowed) is None
            for output, right in zip(result.outputs, example.outputs, strict=True)
        )

    def _cause(self, examples: Sequence[Example], results: Sequence[PassResult]) -> Text | None:
        """Name the mistake behind wrong results."""
        wrong = [
            (result.outputs[0], example)
            for result, example in zip(results, examples, strict=True)
            if len(result.outputs) == 1 and type(result.outputs[0]) is Tensor and not self._is_right(result, example)
        ]
        subject = self._subject
        return diagnose_output(
            [got for got, _ in wrong], [example for _, example in wrong], subject.names, subject.reference
        )

    def _require_outputs(
        self, result: PassResult, example: Example, where: str, cause: Callable[[], Text | None] = lambda: None
    ) -> None:
        given, due = len(result.outputs), len(example.outputs)
        if due == 1 and not (given == 1 and result.output_is_tensor):
            fail(
                Text("`{where}` gives {given} tensor(s) in a tuple; one tensor is expected.", where=where, given=given)
            )
        if given != due:
            fail(
                Text(
                    "`{where}` gives {given} tensor(s) in a tuple; a tuple of {due} is expected.",
                    where=where,
                    given=given,
                    due=due,
                )
            )
        for output, right in zip(result.outputs, example.outputs, strict=True):
            self._require_output(output, right, where, cause)

    def _require_output(self, output: object, right: Tensor, where: str, cause: Callable[[], Text | None]) -> None:
        flaw = flaw_in(output, Due(right, dtype=torch.float64), self._subject.allowed)
        if flaw is not None:
            fail(wrong_result(where, (cause() if flaw.kind in ("value", "shape") else None) or flaw.text))


def _judge_shape(subject: Subject, name: str, also: Sequence[Shape], paid: bool) -> None:
    index = subject.names.index(name)
    variants = [subject.shapes, *({**subject.shapes, name: tuple(shape)} for shape in also)]
    examples = [subject.reference.example(shapes) for shapes in variants for _ in range(FEWEST)]
    results = subject.ask_by_hand([one_pass(example, subject.only(index)) for example in examples])
    for example, result in zip(examples, results, strict=True):
        due = Due(example.gradients[index], that_of(name))
        got = subject.gradients_by_hand(result)[index]
        flaw = flaw_in(got, due, subject.allowed)
        if flaw is not None and not (paid and isinstance(got, Tensor) and _is_nearly(got, due.value)):
            fail(
                Text(
                    "The gradient of `{function}` for `{name}` of shape {shape} {flaw}.",
                    function=subject.label,
                    name=name,
                    shape=str(list(example.inputs[index].shape)),
                    flaw=flaw.text,
                    mistake=_shape_or(flaw, got, due),
                )
            )


def _is_nearly(got: Tensor, right: Tensor) -> bool:
    """Return whether a gradient is right but for a factor, or for a missing sum over the batch."""
    if got.shape == right.shape:
        return any(_positively_proportional(one, right) for one in (got, -got))
    batch = got.shape[:1] if got.ndim and got[0].numel() == right.numel() else ()
    return bool(batch) and _positively_proportional(got.sum(0).reshape(right.shape), right)


def _shape_or(flaw: Flaw, got: object, due: Due) -> str:
    """Return the mistake key of a flaw: "shape" if the shape is wrong but the size is right."""
    same_size = isinstance(got, Tensor) and got.numel() == due.value.numel()
    return "shape" if flaw.kind == "shape" and same_size else flaw.text.mistake


def _require_function(function: object) -> FunctionProxy:
    if not isinstance(function, FunctionProxy):
        fail(
            Text(
                "`{label}` is {kind}; a class derived from torch.autograd.Function is expected.",
                label=label_of(function),
                kind=Text("an object") if isinstance(function, ObjectProxy) else kind_of(function),
                mistake="no Function",
            )
        )
    return function


def _as_tuple(value: object) -> tuple[object, ...]:
    return value if type(value) is tuple else (value,)


def _fail_unbound(name: str, function: str) -> None:
    fail(
        Text(
            "`{name}` is not `{function}.apply`, or does not run your own `forward` and `backward`.",
            name=name,
            function=function,
            mistake="not own",
        )
    )


def _positively_proportional(got: object, right: Tensor) -> bool:
    if type(got) is not Tensor or got.shape != right.shape or not bool(torch.isfinite(got).all()):
        return False
    wide = got.double()
    factor = float((wide * right).sum() / (right * right).sum())
    apart = float((wide - factor * right).abs().max())
    return factor > 0 and apart <= OWN_FORWARD_FIT * float(wide.abs().max())
