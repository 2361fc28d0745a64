"""The usual mistakes of a training loop with a torch optimiser, each as a change of one plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from gradjudge.checks.verdict import Text

Batches = Sequence[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Plan:
    """Say how a training goes; the defaults are right.

    Attributes:
        zero: when gradients are set to zero: ``"before"`` each backward, ``"after"`` each step, ``"between"`` backward
            and step, at the start of each ``"epoch"``, or ``"never"``.
        rows: which batches of an epoch are used: ``"all"``, ``"first"``, ``"last"``, ``"but last"``, ``"reversed"``.
        more_epochs: epochs too many; negative for too few.
        step_per_epoch: whether the optimiser steps once per epoch instead of once per batch.
        steps: steps for each backward.
        scale: what the loss is multiplied with: ``""``, ``"rows"``, ``"entries"``, ``"1/rows"``, ``"1/2"``, ``"2"``
            or ``"-1"``.
        by_hand: whether p - lr * grad takes the place of the optimiser's step.
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
        """Return what the loss of a batch is multiplied with."""
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


class Slip(NamedTuple):
    """One mistake: its family, what it changes in a `Plan`, and its name."""

    family: str
    change: dict[str, Any]
    text: Text


def slips(batches: Batches, names: Sequence[str], *, stale: bool) -> list[Slip]:
    """List the mistakes that can be seen with these batches and parameters, the most usual first.

    Args:
        batches: of one epoch.
        names: of the parameters, in order.
        stale: whether the model arrives with old gradients.
    """
    known = [*_zero(stale), *_frozen(names), *_pace(), *_scale(), *_rule()]
    if len(batches) == 1:  # then first, last and all are the same
        known = [slip for slip in known if "rows" not in slip.change and "step_per_epoch" not in slip.change]
    return known


def _zero(stale: bool) -> Iterator[Slip]:
    if stale:
        yield Slip(
            "stale",
            {"zero": "after"},
            Text.own(
                "the gradients that the model arrived with are in the first step: call zero_grad before backward.",
                "les gradients que le modèle avait en arrivant sont dans le premier pas : appelez zero_grad avant "
                "backward.",
                "zero_grad late",
            ),
        )
    yield Slip(
        "zero",
        {"zero": "never"},
        Text.own(
            "gradients of earlier steps are still in it: zero_grad is missing.",
            "les gradients des pas précédents y sont encore : il manque zero_grad.",
            "zero_grad",
        ),
    )
    yield Slip(
        "zero",
        {"zero": "epoch"},
        Text.own(
            "gradients of the earlier batches of the epoch are still in it: call zero_grad for each batch, not once "
            "per epoch.",
            "les gradients des lots précédents de l'époque y sont encore : appelez zero_grad pour chaque lot, et non "
            "une fois par époque.",
            "zero_grad per epoch",
        ),
    )


def _frozen(names: Sequence[str]) -> Iterator[Slip]:
    yield Slip(
        "still",
        {"frozen": frozenset(names)},
        Text.own(
            "they did not move at all: is there a backward, then a step, and no zero_grad between the two?",
            "ils n'ont pas bougé du tout : y a-t-il un backward, puis un step, et pas de zero_grad entre les deux ?",
            "frozen",
        ),
    )
    for ending, en, fr in (("bias", "the biases", "les biais"), ("weight", "the weights", "les poids")):
        these = frozenset(name for name in names if name.endswith(ending))
        if these and len(these) < len(names):
            yield _stuck(these, en, fr)
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    for number, layer in enumerate(layers):
        these = frozenset(name for name in names if name.rpartition(".")[0] == layer)
        if len(these) < len(names):
            yield _stuck(these, *_place(number, len(layers)))
    if len(layers) > 2:
        for number, layer in enumerate(layers):
            these = frozenset(name for name in names if name.rpartition(".")[0] != layer)
            moving_en, moving_fr = _place(number, len(layers))
            yield Slip(
                "frozen",
                {"frozen": these},
                Text.own(f"only {moving_en} move; the optimiser must have all parameters.",
                     f"seuls {moving_fr} bougent ; l'optimiseur doit avoir tous les paramètres.",
                     f"frozen all but {_short(moving_en)}"),
            )  # fmt: skip
    for name in names:
        yield _stuck(frozenset({name}), f"those of one kind ({name.rpartition('.')[2]}) in one layer",
                     f"ceux d'une sorte ({name.rpartition('.')[2]}) dans une couche")  # fmt: skip


def _place(number: int, count: int) -> tuple[str, str]:
    if number == 0:
        return "the parameters of the first layer", "les paramètres de la première couche"
    if number == count - 1:
        return "the parameters of the last layer", "les paramètres de la dernière couche"
    return f"the parameters of layer {number + 1}", f"les paramètres de la couche {number + 1}"


def _short(en: str) -> str:
    """Shorten the name of some parameters for a key: ``the parameters of the first layer`` is ``first layer``."""
    return en.removeprefix("the ").removeprefix("parameters of ").removeprefix("the ")


def _stuck(names: frozenset[str], en: str, fr: str) -> Slip:
    return Slip(
        "frozen",
        {"frozen": names},
        Text.own(f"{en} did not move; the optimiser must have all parameters.",
             f"{fr} n'ont pas bougé ; l'optimiseur doit avoir tous les paramètres.",
             f"frozen {_short(en)}"),
    )  # fmt: skip


def _pace() -> Iterator[Slip]:
    for rows, key, en, fr in (
        ("first", "first batch", "only the first batch is used.", "seul le premier lot sert."),
        ("last", "last batch only", "only the last batch moves them.", "seul le dernier lot les fait bouger."),
        ("but last", "last batch", "the last batch is left out.", "le dernier lot est laissé de côté."),
        (
            "reversed",
            "reversed",
            "the batches come in the reverse order.",
            "les lots viennent dans l'ordre inverse.",
        ),
    ):
        yield Slip("rows", {"rows": rows}, Text.own(en, fr, key))
    yield Slip(
        "rows",
        {"step_per_epoch": True, "zero": "epoch"},
        Text.own(
            "there is one step per epoch instead of one per batch.",
            "il y a un pas par époque au lieu d'un par lot.",
            "step per epoch",
        ),
    )
    yield Slip(
        "epochs", {"more_epochs": -1}, Text.own("an epoch is missing.", "il manque une époque.", "too few steps")
    )
    yield Slip(
        "epochs",
        {"more_epochs": 1},
        Text.own("there is an epoch too many.", "il y a une époque de trop.", "too many steps"),
    )


def _scale() -> Iterator[Slip]:
    for scale, key, en, fr in (
        (
            "entries",
            "sum",
            "the loss is a sum where a mean is expected.",
            "la perte est une somme là où il faut une moyenne.",
        ),
        (
            "rows",
            "factor q",
            "the loss is not divided by the rows.",
            "la perte n'est pas divisée par le nombre de lignes.",
        ),
        (
            "1/rows",
            "factor 1/q",
            "the loss is divided by the rows twice.",
            "la perte est divisée deux fois par le nombre de lignes.",
        ),
        ("1/2", "factor 1/2", "a factor 2 is missing in the loss.", "il manque un facteur 2 dans la perte."),
        (
            "2",
            "double step",
            "each step is twice as long as it should be: a factor 2 too many in the loss, or two steps for each "
            "backward.",
            "chaque pas est deux fois trop long : il y a un facteur 2 de trop dans la perte, ou deux pas pour chaque "
            "backward.",
        ),
        ("-1", "sign", "the sign is wrong, the loss climbs.", "le signe est faux, la perte monte."),
    ):
        yield Slip("scale", {"scale": scale}, Text.own(en, fr, key))


def _rule() -> Iterator[Slip]:
    for family, change, key, en, fr in (
        (
            "rule",
            {"by_hand": True},
            "given optimiser unused",
            "they move by lr times the gradient; it is the optimiser that was given that must make the step.",
            "ils bougent de lr fois le gradient ; c'est l'optimiseur donné qui doit faire le pas.",
        ),
        (
            "rule",
            {"fresh_optimizer": True},
            "new optimiser",
            "the optimiser starts anew in each epoch and forgets what it has kept.",
            "l'optimiseur repart de rien à chaque époque et oublie ce qu'il a gardé.",
        ),
        (
            "steps",
            {"steps": 2},
            "step twice",
            "there are two steps for each backward.",
            "il y a deux pas pour chaque backward.",
        ),
    ):
        yield Slip(family, change, Text.own(en, fr, key))
