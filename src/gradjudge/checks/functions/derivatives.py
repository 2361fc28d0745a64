"""Judge the gradient of one input: by hand, through autograd in all circumstances, and by gradcheck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import msgspec
import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, Flaw, flaw_in, that_of
from gradjudge.checks.functions.diagnosis import FEWEST, Sighting, diagnose
from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.checks.functions.misread import misread_product, square_shapes
from gradjudge.checks.functions.references import SPECIAL, Example, when
from gradjudge.checks.functions.subjects import Needs, Subject, one_pass
from gradjudge.checks.tolerance import Tolerance, difference, near, tolerance
from gradjudge.checks.verdict import Text, fail
from gradjudge.judge.proxy.failures import StudentRaised
from gradjudge.wire.messages import PassResult

REPEATS = 24
COTANGENT_SCALES = (-1.0, 1e3, 1e-3)


class _Circumstance(msgspec.Struct, frozen=True):
    """A pass through autograd, and what to say if the gradient is wrong there though right by hand."""

    example: Example
    needs: Needs
    text: Text


_PLAIN = Text("through `apply`")
_LINEAR = Text("when grad_output changes sign or size")
_SHAPES = Text("for other sizes of the inputs")
_SCALES = Text("for large or small inputs")
_SUBSETS = Text("when other inputs do or do not require grad (each entry of needs_input_grad is about one input)")
_PASSED_ON = Text("is grad_output itself, passed on: the local derivative is missing", mistake="local derivative")
_REPEATS = Text("after many calls")


class Derivative:
    """Judge the gradient of `subject` with respect to `name`.

    Args:
        subject: the Function and its right results.
        name: the input.
        flatten: compare values after ``reshape(-1)``.
    """

    def __init__(self, subject: Subject, name: str, *, flatten: bool) -> None:
        self._subject = subject
        self._name = name
        self._flatten = flatten
        self._index = subject.names.index(name)
        self._needs = subject.only(self._index)

    def judge(self) -> None:
        """Fail unless the gradient is right in all circumstances."""
        self.judge_by_hand()
        examples, results = self._judge_through_autograd()
        self._gradcheck(examples[0], results[0].outputs)

    def judge_by_hand(self, *, value: bool = True) -> None:
        """Fail unless ``backward``, called by hand with autograd disabled, is right at several shapes.

        Without `value` only kind, shape and number of the gradients count.
        """
        subject = self._subject
        examples = [subject.example(), subject.example(), *subject.further_examples()]
        try:
            results = subject.ask_by_hand([one_pass(example, subject.every()) for example in examples])
        except StudentRaised as raised:
            self._judge_product(raised)
            raise
        given = [subject.gradients_by_hand(result)[self._index] for result in results]
        flaws = [self._flaw(got, example) for got, example in zip(given, examples, strict=True)]
        if not value:
            flaws = [flaw if flaw is None or flaw.kind not in ("value", "dtype") else None for flaw in flaws]
        first = next((flaw for flaw in flaws if flaw is not None), None)
        if first is not None:
            self._fail(self._predicate(first, flaws, given, examples), self._others(results[0], examples[0]))
        if all(self._by_differences(example, result) for example, result in zip(examples, results, strict=True)):
            fail(
                Text(
                    "`{function}.backward` calls `forward` for each entry of `{name}`: write the derivative by hand, "
                    "not as differences.",
                    function=subject.label,
                    name=self._name,
                    mistake="differences",
                )
            )

    def _by_differences(self, example: Example, result: PassResult) -> bool:
        """Return whether backward ran forward beside the point as often as finite differences need: numel times.

        A few such calls, and any number at the point itself, are an honest recomputation.
        """
        counts = result.elsewhere[0] if result.elsewhere else ()
        return len(counts) > self._index and counts[self._index] >= example.inputs[self._index].numel()

    def _judge_product(self, raised: StudentRaised) -> None:
        """Name the wrong matrix product behind mismatched shapes, by asking again with square matrices."""
        if raised.cause not in ("product", "broadcast"):
            return
        subject = self._subject
        try:
            examples = [subject.reference.example(square_shapes(subject.shapes, size)) for size in (3, 4)]
        except (RuntimeError, IndexError):
            return
        results = subject.function.passes(
            [one_pass(example, subject.every()) for example in examples], through="direct"
        )
        if any(result.raised is not None for result in results):
            return
        given = [subject.gradients_by_hand(result) for result in results]
        for index, name in enumerate(subject.names):
            ours = [one[index] for one in given]
            tensors = [one for one in ours if isinstance(one, Tensor)]
            text = misread_product(tensors, examples, index) if len(tensors) == len(examples) else None
            if text is not None:
                fail(subject.wrong_gradient(name, text), detail=raised.detail)

    def _judge_through_autograd(self) -> tuple[list[Example], tuple[PassResult, ...]]:
        subject, node = self._subject, self._subject.node_name()
        plan = self._plan()
        passes = [one_pass(c.example, c.needs) for c in plan]
        results = subject.function.passes(passes)
        asked = list(zip(plan, results, strict=True))
        # Special points last: a mistake that shows after many calls would show at them too.
        for circumstance, result in sorted(asked, key=lambda one: one[0].text is SPECIAL):
            self._judge_one(circumstance, result, plan, results)
        if any(name != node for result in results if result.raised is None for name in result.grad_fns):
            fail(
                Text(
                    "`{function}.apply` does not run your own `forward` and `backward`.",
                    function=subject.label,
                    mistake="not own",
                )
            )
        return [circumstance.example for circumstance in plan], results

    def _plan(self) -> list[_Circumstance]:
        subject, needs, reference = self._subject, self._needs, self._subject.reference
        base = subject.example()
        plan = [_Circumstance(example, needs, _PLAIN) for example in (base, subject.example())]
        for factor in COTANGENT_SCALES:
            scaled = reference.at(base.inputs, tuple(cotangent * factor for cotangent in base.cotangents))
            plan.append(_Circumstance(scaled, needs, _LINEAR))
        plan += [_Circumstance(example, needs, _SHAPES) for example in subject.further_examples()]
        plan += [_Circumstance(subject.example(scale=scale), needs, _SCALES) for scale in subject.scales]
        plan += [_Circumstance(example, needs, SPECIAL) for example in subject.special_examples()]
        plan += [_Circumstance(base, subset, _SUBSETS) for subset in subject.subsets() if subset != needs]
        return plan + [_Circumstance(base, needs, _REPEATS)] * REPEATS

    def _judge_one(
        self, at: _Circumstance, result: PassResult, plan: list[_Circumstance], results: tuple[PassResult, ...]
    ) -> None:
        if not at.needs[self._index]:
            return  # asked only to see whether another input's gradient is what raises
        if result.raised is not None:
            if self._others_raise(at, plan, results):
                return
            self._require_shapes(result, at.example)
            raised = StudentRaised(result.raised, where=f"{self._subject.label}.apply")
            if raised.cause in ("gradient count", "gradient kind"):
                self._judge_count(at)
            raise raised
        flaw = self._flaw(result.grads[0][self._index], at.example)
        if flaw is not None:
            self._fail(when(flaw.text, _SUBSETS if flaw.kind == "none" else at.text))

    def _judge_count(self, at: _Circumstance) -> None:
        """Fail for too few gradients, or for a list instead of a tuple."""
        subject = self._subject
        (result,) = subject.function.passes([one_pass(at.example, at.needs)], through="direct")
        given = () if result.raised is not None else subject.gradients_by_hand(result)
        if given and all(one is None or isinstance(one, Tensor) for one in given):
            fail(
                Text(
                    "`{function}.backward` returns its gradients in a list; `apply` needs a tuple.",
                    function=subject.label,
                    mistake="list",
                )
            )

    def _require_shapes(self, result: PassResult, example: Example) -> None:
        """Blame a forward whose result no right grad_output fits, if that may be why the pass raised."""
        for got, right in zip(result.outputs, example.outputs, strict=False):
            if type(got) is Tensor and got.numel() != right.numel():
                self._fail(
                    Text(
                        "cannot be asked for through `apply`: the result of `forward` has shape {shape}, which no "
                        "grad_output of the right shape fits; mend `forward` first",
                        shape=str(list(got.shape)),
                    )
                )

    def _others_raise(self, at: _Circumstance, plan: list[_Circumstance], results: tuple[PassResult, ...]) -> bool:
        """Return whether the pass raises without this input too: then another input's gradient is to blame."""
        rest = tuple(need and index != self._index for index, need in enumerate(at.needs))
        return any(c.needs == rest and r.raised is not None for c, r in zip(plan, results, strict=True))

    def _gradcheck(self, example: Example, outputs: Sequence[object]) -> None:
        allowed = self._gradcheck_tolerance(example, outputs)
        if allowed is None:
            return
        inputs = [x.clone().requires_grad_(need) for x, need in zip(example.inputs, self._needs, strict=True)]
        gradcheck(self._subject.function, inputs, rng=self._subject.reference.rng, allowed=allowed)

    def _gradcheck_tolerance(self, example: Example, outputs: Sequence[object]) -> Tolerance | None:
        """Choose gradcheck's step by the precision of the student's own forward.

        None if it is not the formula: it has its own item, and its differences say nothing about this gradient.
        """
        subject, worst = self._subject, 0.0
        if len(outputs) != len(example.outputs):
            return None
        for got, right in zip(outputs, example.outputs, strict=True):
            if type(got) is not Tensor or got.shape != right.shape or not near(got, right, subject.allowed):
                return None
            rounded = got.dtype != torch.float64
            worst = max(worst, float("inf") if rounded else difference(got, right, subject.allowed))
        return subject.allowed if worst <= subject.allowed.exact else tolerance(subject.device, torch.float32)

    def _flaw(self, got: object, example: Example) -> Flaw | None:
        due = Due(example.gradients[self._index], that_of(self._name), flatten=self._flatten)
        return flaw_in(example.judged(got, self._index), due, self._subject.allowed)

    def _predicate(
        self, first: Flaw, flaws: Sequence[Flaw | None], given: Sequence[object], examples: Sequence[Example]
    ) -> Text:
        wrong = [
            Sighting(self._in_shape(got, example), self._index, example)
            for flaw, got, example in zip(flaws, given, examples, strict=True)
            if flaw is not None and isinstance(got, Tensor) and flaw.kind in ("value", "shape")
        ]
        cause = diagnose(wrong, self._subject.names, self._subject.reference, self._subject.allowed)
        if cause is None and len(wrong) >= FEWEST and all(self._passed_on(one) for one in wrong):
            cause = _PASSED_ON
        if cause is None and flaws[0] is None and flaws[1] is None:
            return when(first.text, _SHAPES)
        return first.explained(cause)

    def _passed_on(self, one: Sighting) -> bool:
        cotangent = one.example.cotangents[0]
        return one.got.shape == cotangent.shape and near(one.got, cotangent.double(), self._subject.allowed)

    def _in_shape(self, got: Tensor, example: Example) -> Tensor:
        right = example.gradients[self._index]
        return got.reshape(right.shape) if self._flatten and got.numel() == right.numel() else got

    def _others(self, result: PassResult, example: Example) -> str:
        """List the inputs whose gradients are right, as a hint."""
        right = [
            f"`{name}`"
            for name, got, due in zip(self._subject.names, result.grads[0], example.gradients, strict=False)
            if name != self._name and type(got) is Tensor and got.shape == due.shape
            if got.numel() > 0 and near(got, due, self._subject.allowed)
        ]
        return ", ".join(right)

    def _fail(self, predicate: Text, right_for: str = "") -> NoReturn:
        wrong = self._subject.wrong_gradient(self._name, predicate)
        if right_for:
            wrong = Text("{wrong} It is right for {others}.", wrong=wrong, others=right_for, mistake=wrong.mistake)
        fail(wrong)
