"""Dropout and early stopping."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import require

P = 0.3
ROWS, COLUMNS = 120, 80  # 9600 entries: the share of zeros has a standard deviation of 0.0047


@pytest.fixture
def dropout(student, rng):
    """Run Dropout(0.3) on numbers that are not zero: train twice, then eval; give x, delta and what came back."""
    x, delta = (torch.rand(ROWS, COLUMNS, generator=rng, dtype=torch.float64) + 0.5 for _ in range(2))

    def run(*modes):
        recipe = Recipe(student, label="Dropout")
        module = recipe.of(student.Dropout)(P)
        wanted = []
        for mode in modes:
            getattr(module, mode)()
            wanted += [recipe.make("torch:clone", module.forward(x)), module.backward(delta)]
        found = recipe.run(*wanted)
        require(
            all(type(one) is Tensor and one.is_floating_point() and one.shape == x.shape for one in found),
            "Dropout must give a tensor of the shape of x, in forward and in backward.",
            "Dropout doit donner un tenseur de la forme de x, en avant comme en arrière.",
        )
        return x, delta, found

    return run


@pytest.mark.item("dropout")
def test_dropout_train(dropout, device):
    """In training, Dropout zeroes with probability p, drawn anew each time, and divides the rest by 1 - p.

    fr: En apprentissage, Dropout annule avec la probabilité p, par un nouveau tirage chaque fois, et divise le reste.
    """
    x, _, (first, _, second, _) = dropout("train", "train")
    for out in (first, second):
        kept = out != 0
        share = 1 - float(kept.double().mean())
        require(
            not abs(share - (1 - P)) < 0.05,
            "Dropout keeps a number with probability p; p is the probability of zeroing it.",
            "Dropout garde un nombre avec la probabilité p ; p est la probabilité de l'annuler.",
            mistake="keeps p",
        )
        require(
            abs(share - P) < 0.05,
            f"In training, Dropout({P}) zeroes about {round(100 * share)} % of the numbers.",
            f"En apprentissage, Dropout({P}) annule environ {round(100 * share)} % des nombres.",
        )
        require(
            near(out[kept], x[kept] / (1 - P), tolerance(device, torch.float64)),
            "In training, what Dropout keeps is not x / (1 - p): the expectation changes.",
            "En apprentissage, ce que Dropout garde n'est pas x / (1 - p) : l'espérance change.",
            mistake="unscaled",
        )
    require(
        not torch.equal(first, second),
        "Dropout zeroes the same numbers at each forward; draw a new mask each time.",
        "Dropout annule les mêmes nombres à chaque forward ; tirez un nouveau masque chaque fois.",
        mistake="one mask",
    )


@pytest.mark.item("dropout")
def test_dropout_eval(dropout, device):
    """After eval(), Dropout changes nothing, neither forward nor backward, even after a pass in training.

    fr: Après eval(), Dropout ne change rien, ni en avant ni en arrière, même après une passe en apprentissage.
    """
    x, delta, (_, _, out, dx) = dropout("train", "eval")
    allowed = tolerance(device, torch.float64)
    require(
        near(out, x, allowed) and near(dx, delta, allowed),
        "After eval(), Dropout must return x and delta as they are.",
        "Après eval(), Dropout doit renvoyer x et delta tels quels.",
        mistake="eval",
    )


@pytest.mark.item("dropout")
def test_dropout_same_mask(dropout, device):
    """Dropout.backward uses the mask of the last forward.

    fr: Dropout.backward utilise le masque du dernier forward.
    """
    x, delta, (out, dx, again, dx_again) = dropout("train", "train")
    for forward, backward in ((out, dx), (again, dx_again)):
        require(
            bool((forward == 0).any())
            and bool(forward.any())
            and near(backward * x, forward * delta, tolerance(device, torch.float64)),
            "Dropout.backward does not multiply delta by the mask (with its 1 / (1 - p)) of the last forward.",
            "Dropout.backward ne multiplie pas delta par le masque (avec son 1 / (1 - p)) du dernier forward.",
            mistake="mask",
        )


@pytest.fixture
def stopping(student, rng):
    """Follow a curve with EarlyStopping(patience); give its answers, or the first weights and what restore gives.

    Every second step changes the weights in place, as some optimisers do.
    """

    def run(curve, patience, *, restore=False):
        start = torch.randn(3, 2, generator=rng, dtype=torch.float64)
        recipe = Recipe(student, label="EarlyStopping")
        param = recipe.of(student.Param)(start)
        other = recipe.of(student.Param)(start[0])
        stopper = recipe.of(student.EarlyStopping)(patience)
        answers = []
        for epoch, loss in enumerate(curve):
            if epoch % 2:
                for one in (param, other):
                    one.data.add_(1.0)
            else:
                recipe.set(param, "data", start + epoch)
                recipe.set(other, "data", start[0] + epoch)
            answers.append(stopper.step(loss, [param, other]))
        if not restore:
            return recipe.run(*answers)
        stopper.restore()
        return (start, *recipe.run(param.data, other.data))

    return run


CURVE = (1.0, 0.8, 0.8, 0.9, 0.5, math.nan, 0.6, 0.7)


@pytest.mark.item("early_stopping")
def test_early_stopping_stops(stopping):
    """step says stop at the patience-th epoch in a row that is not strictly better, NaN included, and not before.

    fr: step dit stop à la patience-ième époque de suite qui n'est pas strictement meilleure, NaN compris, et pas avant.
    """
    for patience, curve, right in (
        (3, CURVE, [False] * 7 + [True]),
        (2, (1.0, 0.8, 0.8, 0.8), [False, False, False, True]),
        (2, (1.0, 1.1, 0.9, 1.0, 0.8), [False] * 5),
        (1, (3.0, 2.0, 2.0), [False, False, True]),
        (2, (1.0, math.nan, math.nan), [False, False, True]),
    ):
        found = stopping(curve, patience)
        answers = [
            bool(one) if type(one) in (bool, int) or (type(one) is Tensor and one.numel() == 1) else None
            for one in found
        ]
        require(
            answers == right,
            "EarlyStopping does not stop at the right epoch: better is strictly smaller, NaN is not better, and only "
            "epochs in a row count.",
            "EarlyStopping ne s'arrête pas à la bonne époque : meilleur veut dire strictement plus petit, NaN n'est "
            "pas meilleur, et seules comptent des époques de suite.",
            detail=f"curve {curve}, patience {patience}: {found}",
        )


@pytest.mark.item("early_stopping")
def test_early_stopping_restores(stopping, device):
    """restore puts the weights of the best epoch back, though they have changed since, in place too.

    fr: restore remet les poids de la meilleure époque, bien qu'ils aient changé depuis, sur place aussi.
    """
    allowed = tolerance(device, torch.float64)
    for curve, best in (((1.0, 0.8, 0.4, 0.9), 2), ((1.0, 0.5, 0.7), 1), ((0.3, 0.5), 0)):
        start, data, second = stopping(curve, 5, restore=True)
        require(
            type(data) is Tensor
            and type(second) is Tensor
            and data.is_floating_point()
            and second.is_floating_point()
            and data.shape == start.shape
            and second.shape == start[0].shape
            and near(data, start + best, allowed)
            and near(second, start[0] + best, allowed),
            "restore does not put the best weights back into every Param: keep copies (`clone`), not the tensors.",
            "restore ne remet pas les meilleurs poids dans chaque Param : gardez des copies (`clone`), et non les "
            "tenseurs.",
        )
