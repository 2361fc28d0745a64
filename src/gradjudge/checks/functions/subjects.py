"""The Function under judgement: its proxy, its right formula, and the shapes at which it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import msgspec
import torch

from gradjudge.checks.functions.references import Example, Reference, Shape
from gradjudge.checks.tolerance import Tolerance, tolerance
from gradjudge.checks.verdict import Text, fail, uses_autograd
from gradjudge.judge.proxy.line import raise_first
from gradjudge.judge.proxy.objects import FunctionProxy, class_name_of, label_of
from gradjudge.wire.messages import Pass, PassResult

Needs = tuple[bool, ...]


class Subject(msgspec.Struct, frozen=True):
    """Hold what all parts of the battery share.

    Attributes:
        function: the student's Function.
        reference: what is right.
        shapes: names of the inputs, in order, and their shapes.
        also_shapes, scales: further shapes and magnitudes.
        device: where the session computes.
    """

    function: FunctionProxy
    reference: Reference
    shapes: dict[str, Shape]
    also_shapes: tuple[dict[str, Shape], ...]
    scales: tuple[float, ...]
    device: torch.device

    @property
    def label(self) -> str:
        """The Function's name in messages."""
        return label_of(self.function)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(self.shapes)

    @property
    def allowed(self) -> Tolerance:
        """The tolerance of float64, in which values are judged."""
        return tolerance(self.device, torch.float64)

    def wrong_gradient(self, name: str, predicate: Text) -> Text:
        """Say what is wrong with the gradient of one input."""
        return Text(
            "The gradient of `{function}` for `{name}` {predicate}.",
            function=self.label,
            name=name,
            predicate=predicate,
            mistake=predicate.mistake,
        )

    def example(self, **options: Any) -> Example:
        """Draw a example at the main shapes; options as for `Reference.example`."""
        return self.reference.example(self.shapes, **options)

    def further_examples(self) -> list[Example]:
        """Draw one example at each further set of shapes."""
        return [self.reference.example(shapes) for shapes in self.also_shapes]

    def special_examples(self) -> list[Example]:
        """Draw examples at special points, see `Reference.special`."""
        return self.reference.special(self.example())

    def only(self, index: int) -> Needs:
        """Say that the gradient of one input alone is asked for."""
        return tuple(other == index for other in range(len(self.shapes)))

    def every(self) -> Needs:
        """Say that all gradients are asked for."""
        return (True,) * len(self.shapes)

    def subsets(self) -> list[Needs]:
        """List every non-empty choice of inputs whose gradients are asked for."""
        return [needs for needs in product((False, True), repeat=len(self.shapes)) if any(needs)]

    def reordered(self, order: Sequence[int]) -> Subject:
        """Give the same subject, whose function takes its inputs in another order."""

        def turned(shapes: dict[str, Shape]) -> dict[str, Shape]:
            named = list(shapes.items())
            return dict(named[place] for place in order)

        return msgspec.structs.replace(
            self,
            reference=self.reference.reordered(order),
            shapes=turned(self.shapes),
            also_shapes=tuple(turned(more) for more in self.also_shapes),
        )

    def times(self, factor: Callable[[int, int], float]) -> Subject:
        """Give the same subject, whose formula is multiplied by a function of q and p."""
        return msgspec.structs.replace(self, reference=self.reference.times(factor))

    def node_name(self) -> str:
        """Ask for the class's name; its nodes in a graph are called after it."""
        return f"{class_name_of(self.function)}Backward"

    def ask(self, passes: Sequence[Pass], *, through: str = "apply", **options: bool) -> tuple[PassResult, ...]:
        """Run passes; the first exception of the student's ends the part.

        Raises:
            StudentRaised: forward or backward raised in a pass.
        """
        results = self.function.passes(passes, through=through, **options)
        raise_first(results, self.label)
        return results

    def ask_by_hand(self, passes: Sequence[Pass]) -> tuple[PassResult, ...]:
        """Run passes by hand where autograd cannot be used.

        Raises:
            StudentRaised: forward or backward raised in a pass.
            CheckFailed: it did so only because autograd was asked.
        """
        results = self.function.passes(passes, through="direct", inference=True)
        if any(result.raised for result in results):
            again = self.function.passes(passes, through="direct")
            raise_first(again, self.label)
            fail(
                uses_autograd(f"{self.label}.backward"),
                detail=next(result.raised.text for result in results if result.raised),
            )
        return results

    def gradients_by_hand(self, result: PassResult, cotangents: int = 0) -> tuple[object, ...]:
        """Give what ``backward`` returned, one entry for each input; more Nones at the end are legal.

        Raises:
            CheckFailed: there are too few or too many.
        """
        given = result.grads[cotangents]
        due = len(self.shapes)
        if len(given) < due or any(extra is not None for extra in given[due:]):
            fail(
                Text(
                    "`{function}.backward` returns {given} value(s); it owes one gradient for each of the {due} inputs "
                    "of forward (ctx not counted).",
                    function=self.label,
                    given=len(given),
                    due=due,
                    mistake="number of gradients",
                )
            )
        return tuple(given[:due])


def one_pass(example: Example, needs: Needs, **layouts: Any) -> Pass:
    """Make the pass that asks for a example's outputs and gradients once."""
    return Pass(example.inputs, needs, (example.cotangents,), **layouts)


def forward_only(example: Example) -> Pass:
    """Make the pass that asks for a example's outputs."""
    return Pass(example.inputs, tuple(False for _ in example.inputs))


def named(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Copy shapes into plain tuples."""
    return {name: tuple(shape) for name, shape in shapes.items()}
