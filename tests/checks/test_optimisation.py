"""Training with torch's optimisers is compared exactly, and common mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gradjudge.checks.training.loop_mistakes import LoopPlan
from gradjudge.checks.training.optimisation import PACE, Optimiser, Training, require_training
from gradjudge.checks.training.student_loops import (
    mirrored,
    number_of,
    require_losses,
    require_modes,
    require_no_graph,
    run_training,
)
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

Load = Callable[[str], Student]
SGD, ADAM = Optimiser("SGD", 0.05), Optimiser("Adam", 0.05)
MOMENTUM = Optimiser("SGD", 0.05, {"momentum": 0.9})

RIGHT = """
import torch
from torch import nn

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(loader))
    return losses
"""

BY_HAND = """
def train_optim(model, loader, optimizer, epochs):
    history = []
    for e in range(epochs):
        for k in range(len(loader)):
            inputs, targets = loader[k][0], loader[k][1]
            for p in model.parameters():
                p.grad = None
            cost = ((model(inputs) - targets) ** 2).sum() / targets.numel()
            cost.backward()
            optimizer.step()
        history.append([e, cost.detach()])
    return history
"""


def swapped(*changes: tuple[str, str]) -> str:
    """Change lines of the right training."""
    source = RIGHT
    for old, new in changes:
        assert source.count(old) == 1
        source = source.replace(old, new)
    return source


def twin(seed: int = 0) -> nn.Sequential:
    """Draw a small network."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(4, 3), nn.Tanh(), nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
        ).double()


def training(
    rule: Optimiser = SGD, *, batches: int = 3, epochs: int = 3, stale: bool = False, seed: int = 0
) -> Training:
    """Draw a training of a small network."""
    g = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    model = twin(seed)
    old = {name: draw(*p.shape) for name, p in model.named_parameters()} if stale else {}
    sizes = [5, 5, 3, 4, 2][:batches]
    return Training(model, [(draw(size, 4), draw(size, 1)) for size in sizes], epochs, rule, stale=old)


def after(load: Load, source: str, what: Training) -> dict[str, torch.Tensor]:
    """Have a student do a training."""
    student = load(source)
    return run_training(student, student.train_optim, what, mirrored(student, what.model)).parameters  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [RIGHT, BY_HAND])
@pytest.mark.parametrize("rule", [SGD, ADAM, MOMENTUM])
@pytest.mark.parametrize("stale", [False, True])
def test_right_trainings_pass(load: Load, source: str, rule: Optimiser, stale: bool) -> None:
    """Any style that does the same passes, with each optimiser, and with stale gradients on the model."""
    for seed in range(5):
        what = training(rule, stale=stale, seed=seed)
        require_training(after(load, source, what), what)


ZERO, STEP, SUM = (
    "            optimizer.zero_grad()\n",
    "            optimizer.step()\n",
    "loss = ((model(x) - y) ** 2).sum()",
)
LOSS, EPOCH, END, BEGIN = (
    "loss = loss_fn(model(x), y)",
    "        total = 0.0\n",
    "        losses.append",
    "    losses = []\n",
)
EARLY, LATE = EPOCH + "        optimizer.zero_grad()\n", "        optimizer.step()\n" + END
FREEZE_FIRST = BEGIN + "    for p in model[0].parameters():\n        p.requires_grad_(False)\n"
FREEZE_BIASES = BEGIN + "    for n, p in model.named_parameters():\n        p.requires_grad_('bias' not in n)\n"

MISTAKES = {
    "never": ([(ZERO, "")], "zero", "zero_grad is missing", "il manque zero_grad"),
    "epoch": ([(ZERO, ""), (EPOCH, EARLY)], "zero", "not once per epoch", "non une fois par époque"),
    "after step": ([(ZERO, ""), (STEP, STEP + ZERO)], "stale", "arrived with", "en arrivant"),
    "between": ([(ZERO, ""), (STEP, ZERO + STEP)], "still", "did not move at all", "pas bougé du tout"),
    "return in the loop": ([(STEP, STEP + "            break\n")], "rows", "only the first", "seul le premier"),
    "first batch": ([("in loader:", "in loader[:1]:")], "rows", "only the first", "seul le premier"),
    "last dropped": ([("in loader:", "in loader[:-1]:")], "rows", "left out", "laissé de côté"),
    "reversed": ([("in loader:", "in loader[::-1]:")], "rows", "reverse", "inverse"),
    "step outside": ([(STEP, ""), (END, LATE)], "rows", "only the last batch", "seul le dernier lot"),
    "one step": (
        [(ZERO, ""), (EPOCH, EARLY), (STEP, ""), (END, LATE)],
        "rows",
        "one step per epoch",
        "un pas par époque",
    ),
    "epoch too few": ([("range(epochs)", "range(1, epochs)")], "epochs", "an epoch is missing", "manque une époque"),
    "epoch too many": ([("range(epochs)", "range(epochs + 1)")], "epochs", "too many", "de trop"),
    "sum": ([(LOSS, SUM)], "scale", "sum where a mean", "une somme"),
    "half": ([(LOSS, LOSS + " / 2")], "scale", "factor 2 is missing", "manque un facteur 2"),
    "sign": ([(LOSS, LOSS.replace("= ", "= -"))], "scale", "sign", "signe"),
    "two steps": ([(STEP, STEP + STEP)], "steps", "two steps", "deux pas"),
    "layer left out": ([(BEGIN, FREEZE_FIRST)], "frozen", "first layer", "première couche"),
    "biases left out": ([(BEGIN, FREEZE_BIASES)], "frozen", "the biases", "les biais"),
}


@pytest.mark.parametrize("name", list(MISTAKES))
def test_a_common_mistake_is_named(load: Load, name: str) -> None:
    """Each common mistake fails, is named in both languages, and passes where its family is paid for elsewhere."""
    changes, family, en, fr = MISTAKES[name]
    what = training(MOMENTUM if family == "steps" else SGD, stale=family == "stale")
    got = after(load, swapped(*changes), what)
    with pytest.raises(CheckFailed) as failure:
        require_training(got, what)
    assert en in str(failure.value.text)
    assert fr in failure.value.text.said("fr")
    if family != "still":
        require_training(got, what, forgiven=[family])
    with pytest.raises(CheckFailed, match=en):
        require_training(got, what, only=[family])


def test_an_update_by_hand_is_named(load: Load) -> None:
    """With Adam, p - lr * grad is another update; so is an optimiser that is recreated in each epoch."""
    update = "            for p in model.parameters():\n                p.data -= 0.05 * p.grad\n"
    by_hand = swapped((STEP, update))
    anew = swapped((EPOCH, EPOCH + "        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)\n"))
    for source, words in ((by_hand, "lr times the gradient"), (anew, "starts anew")):
        with pytest.raises(CheckFailed, match=words):
            require_training(after(load, source, training(ADAM)), training(ADAM))
    require_training(after(load, by_hand, training()), training())


def test_two_mistakes_are_two_prices(load: Load) -> None:
    """First batch only and a sum: each is named where the other is paid for elsewhere."""
    source = swapped(("in loader:", "in loader[:1]:"), (LOSS, SUM))
    what = training()
    got = after(load, source, what)
    with pytest.raises(CheckFailed, match="sum where a mean"):
        require_training(got, what, forgiven=PACE)
    with pytest.raises(CheckFailed, match="only the first"):
        require_training(got, what, only=PACE)
    require_training(got, what, forgiven=[*PACE, "scale"])


def test_an_unknown_mistake_is_reported_as_such(load: Load) -> None:
    """Another loss is not a common mistake; no family forgives it."""
    source = swapped((LOSS, LOSS + " ** 2"))
    what = training()
    got = after(load, source, what)
    with pytest.raises(CheckFailed, match="none of the usual mistakes"):
        require_training(got, what)
    with pytest.raises(CheckFailed):
        require_training(got, what, only=PACE)


def test_parameters_that_are_gone_or_not_finite_fail() -> None:
    """A missing parameter, another shape and NaN fail with a message."""
    what = training()
    end = what.end()
    for change, words in (
        ({"0.bias": None}, "without one"),
        ({"0.bias": torch.zeros(7)}, "without one"),
        ({"0.bias": torch.full((3,), torch.nan)}, "NaN"),
    ):
        got: Any = {**end, **change}
        with pytest.raises(CheckFailed, match=words):
            require_training(got, what)


def test_the_twin_is_never_changed() -> None:
    """A training can be carried out many times, rightly and wrongly, from the same start."""
    what = training(ADAM)
    before = what.start
    first = what.end()
    what.end(LoopPlan(zero="never"))
    assert all(torch.equal(before[name], value) for name, value in what.start.items())
    assert all(torch.equal(first[name], value) for name, value in what.end().items())
    assert [len(losses) for losses in what.losses()] == [3, 3, 3]


@pytest.mark.parametrize("returned", [None, 3.0, [1.0, 2.0], [1.0, 2.0, float("nan")]])
def test_losses_that_are_no_losses_fail(returned: object) -> None:
    """One finite number per epoch is required."""
    with pytest.raises(CheckFailed):
        require_losses(returned, 3)


def test_losses_in_any_of_the_usual_forms_pass() -> None:
    """Floats, tensors and pairs with the epoch are right."""
    for returned in ([3.0, 2.0, 1.0], torch.tensor([3.0, 2.0, 1.0]), [[0, 3.0], [1, 2.0], [2, 1.0]]):
        assert require_losses(returned, 3) == [3.0, 2.0, 1.0]


EVALUATE = """
import torch
from torch import nn

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = loss_fn(model(x), y).item()
    model.train(mode)
    return value
"""
ROWS = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 1, dtype=torch.float64)


@pytest.mark.parametrize(
    "change", [("", ""), ("torch.no_grad()", "torch.inference_mode()"), ("model(x)", "model(x.clone())")]
)
def test_right_evaluations_pass(load: Load, change: tuple[str, str]) -> None:
    """no_grad and inference_mode are both right, and copies do no harm."""
    student = load(EVALUATE.replace(*change))
    require_no_graph(student, student.evaluate, *ROWS)
    require_modes(student, student.evaluate, *ROWS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("torch.no_grad()", "torch.enable_grad()"), "builds a graph"),
        (("model(x)", "y"), "does not call the model"),
        (("    model.eval()\n", ""), "model.eval"),
        (("    model.train(mode)\n", ""), "another mode"),
        (("model.train(mode)", "model.train()"), "another mode"),
    ],
)
def test_wrong_evaluations_fail(load: Load, change: tuple[str, str], words: str) -> None:
    """A graph, dropout left on, or a mode that is not restored fails."""
    student = load(EVALUATE.replace(*change))
    with pytest.raises(CheckFailed, match=words):
        require_modes(student, student.evaluate, *ROWS)
        require_no_graph(student, student.evaluate, *ROWS)


@pytest.mark.parametrize("returned", [2, 2.0, torch.tensor(2.0), torch.tensor([2.0])])
def test_one_number_is_a_number(returned: object) -> None:
    """A one-element tensor is a number too."""
    assert number_of(returned) == 2.0


@pytest.mark.parametrize("returned", [None, True, "2", [2.0], torch.tensor([2.0, 3.0]), torch.tensor(2)])
def test_anything_else_is_not_a_number(returned: object) -> None:
    """Nothing, lists and several numbers are not one number."""
    with pytest.raises(CheckFailed, match="one number"):
        number_of(returned)
