"""fit: exact steps, batches, XOR and digits, with the course's modules in the place of those that failed."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from gradjudge.checks.modules.networks import require_parameters
from gradjudge.checks.modules.results import (
    MANY_PASSES,
    fail_layout,
    near_in_shape,
    require_dtype,
    require_untouched,
)
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.training.batches import BatchStructure
from gradjudge.checks.training.descent import Descent, require_trajectory
from gradjudge.checks.training.outcomes import losses_of
from gradjudge.checks.verdict import CheckFailed, Text, fail, require

POINTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
LABELS = [[-1.0], [1.0], [1.0], [-1.0]]
EPOCHS = 1000
#: What fit's `stop` may be, by the statement.
STOP = """
class Stop:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.calls == 3
"""
ADDS_UP = Text.own(
    "The gradients of earlier batches are still there: fit does not call zero_grad before each backward.",
    "Les gradients des lots précédents sont encore là : fit n'appelle pas zero_grad avant chaque backward.",
    "zero_grad",
)


def mlp_mse(p, x, y):
    return ((torch.tanh(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"] - y) ** 2).sum() / len(x)


def linear_mse(p, x, y):
    return ((x @ p["w"] + p["b"] - y) ** 2).sum() / len(x)


def require_own(ours):
    """Require that no module had to be replaced."""
    names = ", ".join(ours)
    require(
        not ours,
        f"These points are for a net that is all your own; points lost above have put ours in the place of {names}. "
        "fit itself is judged apart.",
        f"Ces points sont pour un réseau entièrement à vous ; des points perdus plus haut ont mis les nôtres à la "
        f"place de {names}. fit lui-même est jugé à part.",
    )


def adding_up(start, batches, lr, loss, lasting):
    """Descend with gradients that add up, and are set to zero before every `lasting`-th batch only."""
    now, total = {name: value.double() for name, value in start.items()}, []
    for step, (x, y) in enumerate(batches):
        leaves = {name: value.detach().requires_grad_() for name, value in now.items()}
        new = torch.autograd.grad(loss(leaves, x, y), list(leaves.values()))
        total = new if step % lasting == 0 else [one + more for one, more in zip(total, new, strict=True)]
        now = {name: value - lr * one for (name, value), one in zip(now.items(), total, strict=True)}
    return now


def all_near(got, expected, device):
    """Tell whether weights are those that are expected, but for their shapes."""
    allowed = tolerance(device, torch.float64)
    return all(
        type(one) is Tensor and one.numel() == right.numel() and near(one.reshape(right.shape), right, allowed)
        for one, right in zip(got, expected.values(), strict=True)
    )


@pytest.fixture
def adds_up(stand_in, build, fit, values, device):
    """Tell where fit lets gradients add up: "always", "epoch" (from batch to batch in one epoch), or "".

    Rows that are all alike: their order does not matter, so the weights are known. Two epochs.
    """

    def read(size=None):
        x, y = torch.full((10, 1), 2.0, dtype=torch.float64), torch.ones(10, 1, dtype=torch.float64)
        start = {"w": torch.zeros(1, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}
        built = build(list(start.values()))
        stand_in("MSE")
        fit(built, "MSE", 0.01, x, y, 2, *([] if size is None else [size]))
        got = values(built)
        steps = 2 * -(-10 // (size or 10))
        for lasting, name in ((steps, "always"), (steps // 2, "epoch")):
            right = adding_up(start, [(x, y)] * steps, 0.01, linear_mse, lasting)
            if lasting > 1 and all_near(got, right, device):
                return name
        return ""

    return read


@pytest.fixture
def forgive(student, adds_up, sets_gradients):
    """Where fit lets gradients add up, which is charged once, put a Linear there that sets them instead."""
    with ExitStack() as standing:

        def install(size=None):
            found = adds_up(size)
            if found:
                standing.enter_context(student.stand_in_source("Linear", sets_gradients))
            return found

        yield install


def require_zero_grad(found):
    """Require that gradients do not add up."""
    require(not found, ADDS_UP)


def solvable(draw, count):
    """Give `count` starts of a 2-4-1 net from which gradient descent solves XOR: 5 of 4000 do not lead there."""
    x, y = torch.tensor(POINTS).double(), torch.tensor(LABELS).double()
    starts = [draw(2, 4, 1) for _ in range(count + 3)]
    now = [torch.stack([one.double().reshape(-1, one.shape[-1]) for one in each]) for each in zip(*starts, strict=True)]
    for _ in range(EPOCHS):
        hidden = torch.tanh(x @ now[0] + now[1])
        delta = (hidden @ now[2] + now[3] - y) / 2
        back = delta @ now[2].mT * (1 - hidden**2)
        steps = (x.T @ back, back.sum(1, keepdim=True), hidden.mT @ delta, delta.sum(1, keepdim=True))
        now = [value - 0.1 * step for value, step in zip(now, steps, strict=True)]
    ends = (torch.tanh(x @ now[0] + now[1]) @ now[2] + now[3]) * y
    return [start for start, end in zip(starts, ends, strict=True) if end.min() > 0.1][:count]


@pytest.fixture
def solve_xor(build, fit, outputs, weights):
    """Let fit train a 2-4-1 net on XOR, and require all four signs, from every start."""

    def run(count):
        for start in solvable(weights, count):
            solve(start)

    def solve(start):
        x, y = torch.tensor(POINTS, dtype=torch.float64), torch.tensor(LABELS, dtype=torch.float64)
        built = build(start)
        fit(built, "MSE", 0.1, x, y, EPOCHS)
        yhat = outputs(built, x)
        require(
            type(yhat) is Tensor and yhat.is_floating_point() and yhat.shape == y.shape and bool((yhat * y > 0).all()),
            f"After {EPOCHS} epochs the net does not give all four points of XOR their sign.",
            f"Après {EPOCHS} époques, le réseau ne donne pas leur signe aux quatre points de XOR.",
        )

    return run


@pytest.mark.item("xor")
def test_xor_steps(stand_in, build, fit, values, weights, rng, device):
    """Five epochs of fit on the whole batch end exactly where gradient descent leads.

    fr: Cinq époques de fit sur le lot entier mènent exactement là où mène la descente de gradient.
    """
    stand_in("Linear", "Tanh", "MSE", "Sequential", "SGD")
    x, y = (torch.randn(6, n, generator=rng, dtype=torch.float64) for n in (3, 2))
    start = dict(zip(("w1", "b1", "w2", "b2"), weights(3, 4, 2), strict=True))
    built = build(list(start.values()))
    fit(built, "MSE", 0.05, x, y, 5)
    got = dict(zip(start, values(built), strict=True))
    require_zero_grad(all_near(got.values(), adding_up(start, [(x, y)] * 5, 0.05, mlp_mse, 5), device))
    descent = Descent(start, [(x, y)] * 5, 0.05, mlp_mse)
    where = Text.own("After 5 epochs of fit on the whole batch", "Après 5 époques de fit sur le lot entier")
    try:
        require_parameters(got, descent.end(), allowed=tolerance(device, torch.float64), flatten=True, where=where)
    except CheckFailed:
        name_mistake(got, descent)
        raise


def name_mistake(got, descent):
    """Fail with the name of a usual mistake, if one explains where the weights are."""
    if all(type(value) is Tensor and value.numel() == descent.start[name].numel() for name, value in got.items()):
        values = {name: value.double().cpu().reshape(descent.start[name].shape) for name, value in got.items()}
        try:
            require_trajectory(values, descent)
        except CheckFailed as failed:
            if failed.text.mistake:
                raise


@pytest.mark.item("xor")
def test_xor_solved(stand_in, forgive, solve_xor):
    """fit solves XOR with a hidden layer of 4 tanh, from 3 starts.

    fr: fit résout XOR avec une couche cachée de 4 tanh, depuis 3 départs.
    """
    stand_in("Linear", "Tanh", "MSE", "Sequential", "SGD")
    forgive()
    solve_xor(3)


@pytest.mark.item("xor")
def test_xor_history(student, stand_in, build, fit, weights, rng, device):
    """fit returns the mean loss of each epoch, met before each step, and ends when stop says so.

    fr: fit renvoie le coût moyen de chaque époque, pris avant chaque pas, et s'arrête quand stop le dit.
    """
    stand_in("Linear", "MSE", "Sequential", "SGD")
    allowed = tolerance(device, torch.float64)
    x, y = (torch.randn(10, n, generator=rng, dtype=torch.float64) for n in (3, 2))
    start = weights(3, 2)
    cost = float(linear_mse(dict(zip(("w", "b"), start, strict=True)), x, y))

    def train(epochs, lr, **options):
        return fit(build(start), "MSE", lr, x, y, epochs, **options)

    # On the whole batch the mean over rows and over batches are the same; weights that stay have one cost. An epoch
    # that is missing costs points elsewhere.
    for epochs, lr, same in ((3, 0.0, 3), (2, 0.01, 1)):
        told = train(epochs, lr)
        length = len(told) if isinstance(told, list | tuple) and 0 < len(told) <= epochs else epochs
        require(
            all(near(torch.tensor(one), torch.tensor(cost), allowed) for one in losses_of(told, length)[:same]),
            "The history of fit is not the mean loss of each epoch, each batch's before its step.",
            "L'historique de fit n'est pas le coût moyen de chaque époque, celui de chaque lot avant son pas.",
        )
    with student.stand_in_source("Stop", STOP):
        told = train(7, 0.0, stop="Stop")
    require(
        isinstance(told, list | tuple) and len(told) == 3,
        "stop is asked after each epoch, and training ends as soon as it answers True: here after the third of 7.",
        "stop est interrogé après chaque époque, et l'entraînement finit dès qu'il répond True : ici après la "
        "troisième de 7.",
    )


@pytest.mark.item("xor")
def test_xor_your_own(stand_in, adds_up, solve_xor):
    """XOR is solved by modules that are all your own.

    fr: XOR est résolu par des modules qui sont tous les vôtres.
    """
    require_own(stand_in("Linear", "Tanh", "MSE", "Sequential", "SGD"))
    require_zero_grad(adds_up())
    solve_xor(1)


@pytest.mark.item("xor")
def test_xor_modules_are_careful(activation, linear_check, sequential_check, loss, passed):
    """Linear, Tanh, Sigmoid, ReLU, Sequential and MSE keep dtypes, leave inputs alone and take transposed views.

    fr: Linear, Tanh, Sigmoid, ReLU, Sequential et MSE gardent les types, ne changent aucune entrée, prennent des vues.
    """
    linear_items = ("linear.forward", "linear.dx", "linear.dw", "linear.db")
    careful = {
        "linear": (all(passed(item) for item in linear_items), lambda: linear_check),
        "tanh": (passed("tanh"), lambda: activation("Tanh", torch.tanh)),
        "sigmoid": (passed("sigmoid"), lambda: activation("Sigmoid", torch.sigmoid)),
        "relu": (passed("relu"), lambda: activation("ReLU", torch.relu)),
        "sequential": (passed("sequential"), lambda: sequential_check),
        "mse": (passed("mse"), lambda: loss("MSE")),
    }
    judge_careful(careful)


def judge_careful(careful):
    """Judge those that are right in plain conditions; one of them at least."""
    right = [make for is_right, make in careful.values() if is_right]
    if not right:
        fail("None of these modules is right yet.", "Aucun de ces modules n'est encore juste.")
    for make in right:
        make().robust()
        make().lasting()


@pytest.fixture
def batches(stand_in, build, fit, values):
    """Read the structure of fit's batches: 10 rows in batches of 4, so 4, 4 and 2."""
    stand_in("Linear", "MSE", "Sequential", "SGD")

    def train(x, y, lr, epochs, size, w, b):
        built = build([w, b])
        fit(built, "MSE", lr, x, y, epochs, size)
        got = dict(zip(("w", "b"), values(built), strict=True))
        for name, value in got.items():
            require(
                type(value) is Tensor,
                f"After fit, the data of {name} is no tensor.",
                f"Après fit, data de {name} n'est pas un tenseur.",
            )
        return {"w": got["w"].double(), "b": got["b"].double().reshape(-1)}

    return BatchStructure(train, rows=10, batch_size=4)


@pytest.mark.item("digits")
def test_digits_batches(batches, forgive):
    """In each epoch fit visits every row once, in batches of batch_size (the last one shorter), in a new order.

    fr: À chaque époque fit voit chaque ligne une fois, par lots de batch_size (le dernier plus court), mélangés.
    """
    require_zero_grad(forgive(4) == "epoch")
    batches.full_batches()
    batches.each_row_once()
    batches.last_short_batch()
    batches.new_order()


@pytest.fixture
def learn_digits(build, fit, outputs, weights, digits, threshold):
    """Let fit train a 64-32-10 net on digits, and require the accuracy on held-out rows."""

    def run(seed):
        built = build(weights(64, 32, 10), end="LogSoftmax")
        fit(built, "NLL", 0.5, digits.x, digits.y, 15, 32, seed=seed)
        x, y = digits.held_out
        yhat = outputs(built, x)
        require(
            type(yhat) is Tensor and yhat.is_floating_point() and yhat.shape == (len(x), 10),
            "The net does not give 10 log-probabilities for each image.",
            "Le réseau ne donne pas 10 log-probabilités pour chaque image.",
        )
        accuracy = float((yhat.argmax(1).cpu() == y).double().mean())
        require(
            accuracy >= threshold("digits.accuracy"),
            f"Of digits that your code has not seen, only about {round(10 * accuracy)} in 10 are recognised.",
            f"Sur des chiffres jamais vus, {round(10 * accuracy)} sur 10 environ seulement sont reconnus.",
            detail=f"accuracy {accuracy:.4f}",
        )

    return run


@pytest.mark.item("digits")
def test_digits_accuracy(stand_in, forgive, learn_digits):
    """fit, in batches of 32, learns to recognise digits that it has not seen.

    fr: fit, par lots de 32, apprend à reconnaître des chiffres jamais vus.
    """
    stand_in("Linear", "Tanh", "LogSoftmax", "NLL", "Sequential", "SGD")
    forgive(4)
    learn_digits(1)


@pytest.mark.item("digits")
def test_digits_your_own(stand_in, adds_up, learn_digits):
    """Digits are learnt by modules that are all your own.

    fr: Les chiffres sont appris par des modules qui sont tous les vôtres.
    """
    require_own(stand_in("Linear", "Tanh", "LogSoftmax", "NLL", "Sequential", "SGD"))
    require_zero_grad(adds_up(4))
    learn_digits(2)


@pytest.fixture
def careful_dropout(student, rng, device):
    """Judge the student's Dropout as `ModuleCheck.robust` judges modules whose results are not drawn at random."""

    def pass_through(x, delta, transposed):
        recipe = Recipe(student, label="Dropout")
        module = recipe.of(student.Dropout)(0.5)
        given = [recipe.copy(tensor, transposed=transposed) for tensor in (x, delta)]
        for _ in range(MANY_PASSES):  # the last one is judged
            module.forward(x)
            module.backward(delta)
        out = recipe.make("torch:clone", module.forward(given[0]))
        return recipe.run(out, module.backward(given[1]), *given)

    def robust():
        for dtype in (torch.float64, torch.float32):
            allowed = tolerance(device, dtype)
            for transposed in (False, True):
                x, delta = (torch.randn(40, 3, generator=rng, dtype=torch.float64).to(dtype) for _ in range(2))
                out, dx, x_after, delta_after = pass_through(x, delta, transposed)
                fits = type(out) is Tensor and out.shape == x.shape  # what does not is told below, as any wrong value
                kept = out != 0 if fits else torch.ones_like(x)
                right = {"forward": 2 * x * kept, "backward": 2 * delta * kept}
                require_dtype({"forward": out, "backward": dx}, right, dtype, device, "Dropout")
                for name, before, after in (("x", x, x_after), ("delta", delta, delta_after)):
                    require_untouched("Dropout", name, before, after)
                same = near_in_shape(out, right["forward"], allowed) and near_in_shape(dx, right["backward"], allowed)
                if not same:
                    fail_layout("Dropout")

    return SimpleNamespace(robust=robust, lasting=lambda: None)  # `robust` judges the last of many passes


@pytest.mark.item("digits")
def test_digits_modules_are_careful(activation, loss, careful_dropout, passed):
    """LogSoftmax, NLL, KLDiv and Dropout keep dtypes, leave their inputs alone and take transposed views.

    fr: LogSoftmax, NLL, KLDiv et Dropout gardent les types, ne touchent pas à leurs entrées et prennent des vues.
    """
    judge_careful(
        {
            "logsoftmax": (
                passed("logsoftmax.forward") and passed("logsoftmax.backward"),
                lambda: activation("LogSoftmax", lambda x: x.log_softmax(1)),
            ),
            "nll": (passed("nll"), lambda: loss("NLL")),
            "kldiv": (passed("kldiv"), lambda: loss("KLDiv")),
            "dropout": (passed("dropout"), lambda: careful_dropout),
        }
    )
