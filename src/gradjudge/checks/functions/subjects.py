"""The Function being judged: its proxy, its right formula, and the shapes at which it is asked."""

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
    """What all parts of the battery share.

    Attributes:
        function: the student's Function.
        reference: the right results.
        shapes: the shape of each input, by name, in order.
        also_shapes, scales: further shapes and magnitudes.
        device: the session's device.
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
        """Draw an example at the main shapes; options as for `Reference.example`."""
        return self.reference.example(self.shapes, **options)

    def further_examples(self) -> list[Example]:
        """Draw one example at each further set of shapes."""
        return [self.reference.example(shapes) for shapes in self.also_shapes]

    def special_examples(self) -> list[Example]:
        """Draw examples at special points, see `Reference.special`."""
        return self.reference.special(self.example())

    def only(self, index: int) -> Needs:
        """Ask for the gradient of one input alone."""
        return tuple(other == index for other in range(len(self.shapes)))

    def every(self) -> Needs:
        """Ask for all gradients."""
        return (True,) * len(self.shapes)

    def subsets(self) -> list[Needs]:
        """List every non-empty choice of inputs whose gradients are asked for."""
        return [needs for needs in product((False, True), repeat=len(self.shapes)) if any(needs)]

    def reordered(self, order: Sequence[int]) -> Subject:
        """Return the same subject with the inputs of its function in another order."""

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
        """Return the same subject with its formula multiplied by a function of q and p."""
        return msgspec.structs.replace(self, reference=self.reference.times(factor))

    def node_name(self) -> str:
        """Return the name of the class's autograd nodes; the session is asked for that of the class."""
        return f"{class_name_of(self.function)}Backward"

    def ask(self, passes: Sequence[Pass], *, through: str = "apply", **options: bool) -> tuple[PassResult, ...]:
        """Run passes; the first exception in the student's code ends the part.

        Raises:
            StudentRaised: forward or backward raised in a pass.
        """
        results = self.function.passes(passes, through=through, **options)
        raise_first(results, self.label)
        return results

    def ask_by_hand(self, passes: Sequence[Pass]) -> tuple[PassResult, ...]:
        """Run passes by hand with autograd disabled.

        Raises:
            StudentRaised: forward or backward raised in a pass.
            CheckFailed: it raised only because autograd was disabled.
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
        """Return what ``backward`` returned, one entry per input; further Nones at the end are legal.

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
    """Make the pass that asks for an example's outputs and gradients once."""
    return Pass(example.inputs, needs, (example.cotangents,), **layouts)


def forward_only(example: Example) -> Pass:
    """Make the pass that asks for an example's outputs."""
    return Pass(example.inputs, tuple(False for _ in example.inputs))


def named(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Copy shapes into plain tuples."""
    return {name: tuple(shape) for name, shape in shapes.items()}
