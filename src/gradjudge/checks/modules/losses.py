"""The battery for hand-written losses: ``forward(yhat, y)``, a scalar, and ``backward()``, which returns dL/dyhat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradjudge.checks.functions.references import SPECIAL, Example, Formula, Reference, when
from gradjudge.checks.modules.results import (
    MANY_PASSES,
    cast,
    fail_autograd,
    fail_layout,
    fail_raising_layout,
    method_of,
    near_in_shape,
    require_dtype,
    require_gradient,
    require_lasting,
    require_outputs,
    require_special,
    require_untouched,
    tensor_of,
)
from gradjudge.checks.recipes import Recipe, RecipeStep
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text
from gradjudge.judge.proxy.student import Student

DRAWS = 3
Inputs = tuple[Tensor, ...]
Draw = Callable[[torch.Generator, int, int], Inputs]


class LossCheck:
    """Judge a loss, ``forward(yhat, y)`` and ``backward()``, against a plain formula.

    Args:
        student, label, rng, device: as for `ModuleCheck`.
        make: builds the loss in a recipe.
        formula: over yhat and y, both float64 (class indices too: write ``y.long()``); gives a scalar.
        draw: draws ``(yhat, y)`` from a generator, for sizes q and p.
    """

    SIZES = ((7, 3), (5, 4), (40, 2))

    def __init__(
        self,
        student: Student,
        label: str,
        make: Callable[[Recipe], RecipeStep],
        formula: Formula,
        draw: Draw,
        *,
        rng: torch.Generator,
        device: torch.device | str = "cpu",
    ) -> None:
        self._student = student
        self._label = label
        self._make = make
        self._draw = draw
        self._reference = Reference(formula, rng)
        self._device = torch.device(device)
        self._allowed = tolerance(device, torch.float64)

    def forward(self) -> None:
        """Compare ``forward`` with the formula: a 0-dim tensor."""
        examples = [self._example(q, p) for q, p in self.SIZES]
        given = [self._pass(example.inputs)[0] for example in examples]
        require_outputs(given, examples, ("yhat", "y"), self._reference, self._allowed, f"{self._label}.forward")
        special = self._special(examples[0])
        given = [self._pass(example.inputs)[0] for example in special]
        require_special(given, [example.outputs[0] for example in special], self._allowed, f"{self._label}.forward")

    def gradient(self) -> None:
        """Judge what ``backward`` returns, called with autograd disabled."""
        try:
            self._judge_gradient(by_force=True)
        except CheckFailed as without:
            self._judge_gradient(by_force=False)
            fail_autograd(f"{self._label}.backward", without)

    def robust(self) -> None:
        """Require dtypes to be kept, yhat and y to be left alone, and transposed tensors to change nothing."""
        example = self._example(*self.SIZES[0])
        output, gradient, *after = self._pass(example.inputs)
        results = {"forward": output, "backward": gradient}
        for name, value in results.items():
            tensor_of(value, self._label, name)
        for dtype in (torch.float64, torch.float32):
            output, gradient, *_ = self._pass(cast(example.inputs, dtype))
            require_dtype({"forward": output, "backward": gradient}, results, dtype, self._device, self._label)
        for name, before, now in zip(("yhat", "y"), example.inputs, after, strict=True):
            require_untouched(self._label, name, before, now)
        try:
            output, gradient, *_ = self._pass(example.inputs, transposed=True)
        except StudentRaised as raised:
            fail_raising_layout(self._label, raised)
        for value, plain in ((output, results["forward"]), (gradient, results["backward"])):
            if not near_in_shape(value, plain, self._allowed):
                fail_layout(self._label)

    def lasting(self) -> None:
        """Require results still to be right after many passes: for losses whose single passes were found right."""
        example = self._example(*self.SIZES[0])
        recipe = Recipe(self._student, label=self._label)
        loss = self._make(recipe)
        for _ in range(MANY_PASSES):
            output, gradient = loss.forward(*example.inputs), loss.backward()
        last = dict(zip(("forward", "backward"), recipe.run(output, gradient), strict=True))
        right = {"forward": example.outputs[0], "backward": example.gradients[0]}
        require_lasting(self._label, last, right, self._allowed)

    def _example(self, q: int, p: int) -> Example:
        inputs = cast(self._draw(self._reference.rng, q, p), torch.float64)
        return self._reference.at(inputs, (torch.ones((), dtype=torch.float64),))

    def _special(self, base: Example) -> list[Example]:
        return self._reference.special(base, fixed=(1,))  # y stays: class indices, probabilities

    def _pass(self, inputs: Inputs, *, transposed: bool = False) -> tuple[Any, ...]:
        recipe = Recipe(self._student, label=self._label)
        loss = self._make(recipe)
        yhat, y = (recipe.copy(tensor, transposed=transposed) for tensor in inputs)
        output = recipe.make("torch:clone", loss.forward(yhat, y))
        return recipe.run(output, loss.backward(), yhat, y)

    def _judge_gradient(self, *, by_force: bool) -> None:
        examples = [self._example(q, p) for q, p in self.SIZES for _ in range(DRAWS)]
        given = [self._backward(example) if by_force else self._pass(example.inputs)[1] for example in examples]
        where = Text("What `{label}.backward` returns", label=self._label)
        require_gradient("yhat", ("yhat", "y"), given, examples, self._reference, self._allowed, where)
        where = when(where, SPECIAL)
        for example in self._special(examples[0]):
            got = example.judged(self._backward(example) if by_force else self._pass(example.inputs)[1], 0)
            require_gradient("yhat", ("yhat", "y"), [got], [example], self._reference, self._allowed, where)

    def _backward(self, example: Example) -> object:
        recipe = Recipe(self._student, label=self._label)
        loss = self._make(recipe)
        loss.forward(*example.inputs)
        (held,) = recipe.run(loss)
        return method_of(held, "backward", self._label).without_autograd()
