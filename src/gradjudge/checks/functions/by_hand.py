"""Judge a plain function that returns gradients derived by hand: ``grad_mse(yhat, y) -> (dyhat, dy)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, Flaw, flaw_in, that_of
from gradjudge.checks.functions.diagnosis import Sighting, diagnose
from gradjudge.checks.functions.references import SPECIAL, Example, Formula, Reference, Shape, when
from gradjudge.checks.tolerance import Tolerance, tolerance
from gradjudge.checks.verdict import CheckFailed, Text, fail, require
from gradjudge.judge.proxy.objects import CallableProxy, label_of

DRAWS = 2
Function = Callable[..., object]


class GradientsByHand:
    """Judge what `function` returns against autograd over a plain formula, one gradient at a time; in float32 too.

    Args:
        function: the proxy ``student.NAME``.
        formula: the cost, or the output whose cotangent is the last argument, as a function of the inputs.
        shapes: the shape of each input, by name, in order.
        returns: names of the inputs whose gradients are returned, in order.
        rng: CPU generator of the inputs.
        cotangent: whether `function` takes the output's gradient after its inputs; otherwise the output is a cost.
        also_shapes: further sets of shapes; mistakes are named better where q and p differ.
        device: the session's device; decides tolerances.
    """

    def __init__(
        self,
        function: Any,
        formula: Formula,
        shapes: Mapping[str, Shape],
        *,
        returns: Sequence[str],
        rng: torch.Generator,
        cotangent: bool = False,
        also_shapes: Sequence[Mapping[str, Shape]] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        require(callable(function), Text("`{label}` is not a function.", label=label_of(function)))
        self._function: Function = function
        self._reference = Reference(formula, rng)
        self._shapes = [dict(shapes), *(dict(more) for more in also_shapes)]
        self._returns = tuple(returns)
        self._cotangent = cotangent
        self._device = torch.device(device)

    @property
    def _label(self) -> str:
        return label_of(self._function)

    def gradient(self, name: str) -> None:
        """Judge one of the returned gradients, compared flattened.

        Raises:
            CheckFailed: it is wrong; the message names the mistake if it is a common one.
        """
        examples = [self._example(shapes, torch.float64) for shapes in self._shapes for _ in range(DRAWS)]
        examples.append(self._example(self._shapes[0], torch.float32))
        examples += self._reference.special(examples[0])
        if isinstance(self._function, CallableProxy):
            self._judge_by_force(name, examples, self._function)
        else:
            self._judge(name, examples, self._function)

    def _judge_by_force(self, name: str, examples: Sequence[Example], function: CallableProxy) -> None:
        """Judge with autograd disabled; a function that is right only with autograd uses it."""
        try:
            self._judge(name, examples, function.without_autograd)
        except CheckFailed as without:
            self._judge(name, examples, function)
            fail(
                Text("`{label}` uses autograd: work the gradient out by hand.", label=self._label, mistake="autograd"),
                detail=f"{without.text} {without.detail}",
            )

    def _judge(self, name: str, examples: Sequence[Example], function: Function) -> None:
        given = [self._ask(function, example)[self._returns.index(name)] for example in examples]
        place = list(self._shapes[0]).index(name)
        shape = that_of(name)
        flaws = [
            flaw_in(
                example.judged(got, place), Due(example.gradients[place], shape, flatten=True), self._tolerance(example)
            )
            for got, example in zip(given, examples, strict=True)
        ]
        first = next((flaw for flaw in flaws if flaw is not None), None)
        if first is None:
            return
        special = bool(examples[flaws.index(first)].kinks)
        predicate = when(first.text, SPECIAL) if special else self._predicate(first, flaws, given, examples, place)
        fail(
            Text(
                "The gradient for `{name}` that `{function}` returns {predicate}.",
                name=name,
                function=self._label,
                predicate=predicate,
                mistake=predicate.mistake,
            )
        )

    def _tolerance(self, example: Example) -> Tolerance:
        return tolerance(self._device, example.inputs[0].dtype)

    def _example(self, shapes: Mapping[str, Shape], dtype: torch.dtype) -> Example:
        drawn = self._reference.example(shapes, dtype)
        if self._cotangent:
            return drawn
        return self._reference.at(drawn.inputs, tuple(torch.ones_like(cotangent) for cotangent in drawn.cotangents))

    def _ask(self, function: Function, example: Example) -> Sequence[object]:
        returned = function(*example.inputs, *(example.cotangents if self._cotangent else ()))
        if len(self._returns) == 1 and isinstance(returned, Tensor):
            return [returned]
        require(
            isinstance(returned, tuple | list) and len(returned) == len(self._returns),
            Text(
                "`{function}` must return {count} gradient(s): for {names}.",
                function=self._label,
                count=len(self._returns),
                names=", ".join(self._returns),
            ),
        )
        assert isinstance(returned, tuple | list)
        return returned

    def _predicate(
        self,
        first: Flaw,
        flaws: Sequence[Flaw | None],
        given: Sequence[object],
        examples: Sequence[Example],
        place: int,
    ) -> Text:
        wrong = [
            Sighting(got, place, example)
            for flaw, got, example in zip(flaws, given, examples, strict=True)
            if flaw is not None
            and not example.kinks
            and isinstance(got, Tensor)
            and flaw.kind in ("value", "shape")
            and example.inputs[0].dtype == torch.float64
        ]
        allowed = tolerance(self._device, torch.float64)
        return first.explained(diagnose(wrong, tuple(self._shapes[0]), self._reference, allowed))
