"""The common mistakes in a training loop with a torch optimiser, each as a change to a `LoopPlan`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from gradjudge.checks.verdict import Text

Batches = Sequence[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class LoopPlan:
    """How a training loop goes; the defaults are right.

    Attributes:
        zero: when gradients are set to zero: ``"before"`` each backward, ``"after"`` each step, at the start of each
            ``"epoch"``, or ``"never"``.
        rows: which batches of an epoch are used: ``"all"``, ``"first"``, ``"last"``, ``"but last"``, ``"reversed"``.
        more_epochs: epochs too many; negative for too few.
        step_per_epoch: whether the optimiser steps once per epoch instead of once per batch.
        steps: steps per backward.
        scale: factor of the loss: ``""``, ``"rows"``, ``"entries"``, ``"1/rows"``, ``"1/2"``, ``"2"`` or ``"-1"``.
        by_hand: whether p - lr * grad replaces the optimiser's step.
        fresh_optimizer: whether the optimiser is made anew in each epoch.
        frozen: names of parameters that the optimiser does not have.
    """

    zero: str = "before"
    rows: str = "all"
    more_epochs: int = 0
    step_per_epoch: bool = False
    steps: int = 1
    scale: str = ""
    by_hand: bool = False
    fresh_optimizer: bool = False
    frozen: frozenset[str] = frozenset()

    def order(self, batches: Batches) -> Batches:
        """Return the batches that an epoch uses."""
        match self.rows:
            case "first":
                return batches[:1]
            case "last":
                return batches[-1:]
            case "but last":
                return batches[:-1]
            case "reversed":
                return batches[::-1]
        return batches

    def factor(self, x: Tensor, y: Tensor) -> float:
        """Return the factor of a batch's loss."""
        match self.scale:
            case "rows":
                return float(x.shape[0])
            case "entries":
                return float(y.numel())
            case "1/rows":
                return 1.0 / x.shape[0]
            case "1/2":
                return 0.5
            case "2":
                return 2.0
            case "-1":
                return -1.0
        return 1.0


class LoopMistake(NamedTuple):
    """A mistake: its family, what it changes in a `LoopPlan`, and its name."""

    family: str
    change: dict[str, Any]
    text: Text


def visible_mistakes(batches: Batches, names: Sequence[str], *, stale: bool) -> list[LoopMistake]:
    """List the mistakes that can be seen with these batches and parameters, the most common first.

    Args:
        batches: of one epoch.
        names: of the parameters, in order.
        stale: whether the model arrives with old gradients.
    """
    known = [*_zero(stale), *_frozen(names), *_pace(), *_scale(), *_rule()]
    if len(batches) == 1:  # then first, last and all are the same
        known = [one for one in known if "rows" not in one.change and "step_per_epoch" not in one.change]
    return known


def _zero(stale: bool) -> Iterator[LoopMistake]:
    if stale:
        yield LoopMistake(
            "stale",
            {"zero": "after"},
            Text(
                "the gradients that the model arrived with are in the first step: call zero_grad before backward.",
                mistake="zero_grad late",
            ),
        )
    yield LoopMistake(
        "zero",
        {"zero": "never"},
        Text("gradients of earlier steps are still in it: zero_grad is missing.", mistake="zero_grad"),
    )
    yield LoopMistake(
        "zero",
        {"zero": "epoch"},
        Text(
            "gradients of the earlier batches of the epoch are still in it: call zero_grad for each batch, not "
            "once per epoch.",
            mistake="zero_grad per epoch",
        ),
    )


def _frozen(names: Sequence[str]) -> Iterator[LoopMistake]:
    yield LoopMistake(
        "still",
        {"frozen": frozenset(names)},
        Text(
            "they did not move at all: is there a backward, then a step, and no zero_grad between the two?",
            mistake="frozen",
        ),
    )
    biases, weights = Text("the biases", mistake="biases"), Text("the weights", mistake="weights")
    for ending, parameters in (("bias", biases), ("weight", weights)):
        these = frozenset(name for name in names if name.endswith(ending))
        if these and len(these) < len(names):
            yield _stuck(these, parameters)
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    for number, layer in enumerate(layers):
        these = frozenset(name for name in names if name.rpartition(".")[0] == layer)
        if len(these) < len(names):
            yield _stuck(these, _layer(number, len(layers)))
    if len(layers) > 2:
        for number, layer in enumerate(layers):
            these = frozenset(name for name in names if name.rpartition(".")[0] != layer)
            moving = _layer(number, len(layers))
            text = Text(
                "only {parameters} move; the optimiser must have all parameters.",
                parameters=moving,
                mistake=f"frozen all but {moving.mistake}",
            )
            yield LoopMistake("frozen", {"frozen": these}, text)
    for name in names:
        kind = name.rpartition(".")[2]
        key = f"those of one kind ({kind}) in one layer"
        yield _stuck(frozenset({name}), Text("those of one kind ({kind}) in one layer", kind=kind, mistake=key))


def _layer(number: int, count: int) -> Text:
    if number == 0:
        return Text("the parameters of the first layer", mistake="first layer")
    if number == count - 1:
        return Text("the parameters of the last layer", mistake="last layer")
    return Text("the parameters of layer {number}", number=number + 1, mistake=f"layer {number + 1}")


def _stuck(names: frozenset[str], parameters: Text) -> LoopMistake:
    text = Text(
        "{parameters} did not move; the optimiser must have all parameters.",
        parameters=parameters,
        mistake=f"frozen {parameters.mistake}",
    )
    return LoopMistake("frozen", {"frozen": names}, text)


def _pace() -> Iterator[LoopMistake]:
    yield LoopMistake("rows", {"rows": "first"}, Text("only the first batch is used.", mistake="first batch"))
    yield LoopMistake("rows", {"rows": "last"}, Text("only the last batch moves them.", mistake="last batch only"))
    yield LoopMistake("rows", {"rows": "but last"}, Text("the last batch is left out.", mistake="last batch"))
    yield LoopMistake("rows", {"rows": "reversed"}, Text("the batches come in the reverse order.", mistake="reversed"))
    yield LoopMistake(
        "rows",
        {"step_per_epoch": True, "zero": "epoch"},
        Text("there is one step per epoch instead of one per batch.", mistake="step per epoch"),
    )
    yield LoopMistake("epochs", {"more_epochs": -1}, Text("an epoch is missing.", mistake="too few steps"))
    yield LoopMistake("epochs", {"more_epochs": 1}, Text("there is an epoch too many.", mistake="too many steps"))


def _scale() -> Iterator[LoopMistake]:
    for scale, text in (
        ("entries", Text("the loss is a sum where a mean is expected.", mistake="sum")),
        ("rows", Text("the loss is not divided by the rows.", mistake="factor q")),
        ("1/rows", Text("the loss is divided by the rows twice.", mistake="factor 1/q")),
        ("1/2", Text("a factor 2 is missing in the loss.", mistake="factor 1/2")),
        (
            "2",
            Text(
                "each step is twice as long as it should be: a factor 2 too many in the loss, or two steps for each "
                "backward.",
                mistake="double step",
            ),
        ),
        ("-1", Text("the sign is wrong, the loss climbs.", mistake="sign")),
    ):
        yield LoopMistake("scale", {"scale": scale}, text)


def _rule() -> Iterator[LoopMistake]:
    yield LoopMistake(
        "rule",
        {"by_hand": True},
        Text(
            "they move by lr times the gradient; it is the optimiser that was given that must make the step.",
            mistake="given optimiser unused",
        ),
    )
    yield LoopMistake(
        "rule",
        {"fresh_optimizer": True},
        Text("the optimiser starts anew in each epoch and forgets what it has kept.", mistake="new optimiser"),
    )
    yield LoopMistake("steps", {"steps": 2}, Text("there are two steps for each backward.", mistake="step twice"))
