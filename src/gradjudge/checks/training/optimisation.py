"""Judge exactly how a student trains an ``nn.Module`` with a torch optimiser over given batches.

A test describes the task as a `Training`: a module, the batches of one epoch, the number of epochs, the optimiser and
the loss. `Training.end` carries it out on this side with torch itself. `require_training` compares the parameters that
the student's code left behind, to 1e-6; where they differ it repeats the training with each of the common mistakes in
it (`gradjudge.checks.training.loop_mistakes`) and names the one that gives exactly these numbers::

    twin = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    training = Training(twin, batches=[(x1, y1), (x2, y2)], epochs=3, rule=Optimiser("Adam", lr=0.05))

    model = mirrored(student, twin)                         # the same module, in the session
    got, losses = run_training(student, student.train_optim, training, model)
    require_training(got, training, forgiven=PACE)          # another item judges which batches were used

`gradjudge.checks.training.student_loops` has `mirrored` and `run_training`, which calls ``train(model, loader,
optimizer, epochs)`` with a list of ``(x, y)`` pairs for the loader, so that nothing is random; for another signature
pass ``call=``. A model of the student's own does as well as a mirrored one: pass its proxy, and `names` if its
parameters have other names than the twin's. Evaluation is judged there too (`require_no_graph`, `require_modes`).

``forgiven`` names families of mistakes that are paid for elsewhere (one mistake, one price): parameters that show one
of them, or one of each of two, pass. The families are

* ``"zero"``: gradients of earlier steps are still there (zero_grad never, or once per epoch);
* ``"stale"``: gradients that the model arrived with are still there at the first step (zero_grad after step);
* ``"rows"``: first or last batch only, last batch dropped, reverse order, one step per epoch;
* ``"epochs"``: an epoch too few or too many;
* ``"scale"``: a sum instead of a mean, a missing factor, the wrong sign;
* ``"rule"``: another update than the optimiser's (p - lr * grad by hand, an optimiser made anew in each epoch);
* ``"steps"``: two steps for each backward;
* ``"frozen"``: parameters that the optimiser does not have;
* ``"still"``: nothing moved at all. It is never forgiven: nothing else can be seen then.

Shapes are the twin's; dtypes are floating point, judged in float64. Messages hold no values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from gradjudge.checks.training.loop_mistakes import LoopMistake, LoopPlan, visible_mistakes
from gradjudge.checks.verdict import Text, fail, require

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Parameters = Mapping[str, Tensor]

#: Correct code with float32 in it is off by 2e-7, the smallest common mistake by 1e-3 in a handful of steps.
TOLERANCE = 1e-6
#: Families of mistakes about which batches are used, and how often; not about the steps.
PACE = ("rows", "epochs")


@dataclass(frozen=True)
class Optimiser:
    """An optimiser: the name of a class of ``torch.optim``, its learning rate, and other options.

    Attributes:
        name: ``"SGD"`` or ``"Adam"``.
        lr: the learning rate.
        options: other keyword arguments (``{"momentum": 0.9}``).
    """

    name: str
    lr: float
    options: Mapping[str, float] = field(default_factory=dict)

    def over(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """Make the optimiser on this side."""
        made: torch.optim.Optimizer = getattr(torch.optim, self.name)(parameters, lr=self.lr, **self.options)
        return made


def mean_square(yhat: Tensor, y: Tensor) -> Tensor:
    """Return the mean of the squared differences over all entries, as ``nn.MSELoss()`` does."""
    return nn.functional.mse_loss(yhat, y)


@dataclass(frozen=True)
class Training:
    """What a training has to do.

    Attributes:
        model: the module at its start, float64; it is copied, never changed. It must be deterministic (no dropout).
        batches: ``(x, y)`` pairs of one epoch, in order, float64.
        epochs: number of passes through them.
        rule: the optimiser, over all parameters.
        loss: of one batch, ``loss(yhat, y)``, 0-dim.
        stale: gradients, by name, that the model arrives with; empty for none.
    """

    model: nn.Module
    batches: Sequence[Batch]
    epochs: int
    rule: Optimiser
    loss: Loss = mean_square
    stale: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def start(self) -> dict[str, Tensor]:
        """Return copies of the parameters at the start, by name."""
        return {name: parameter.detach().clone() for name, parameter in self.model.named_parameters()}

    def end(self, plan: LoopPlan | None = None) -> dict[str, Tensor]:
        """Return the parameters after the training, done correctly or by `plan`."""
        return _TrainingRun(self, plan or LoopPlan()).carry_out()

    def losses(self) -> list[list[float]]:
        """Return the loss of each batch, before its update, for each epoch."""
        run = _TrainingRun(self, LoopPlan())
        run.carry_out()
        return run.losses


class _TrainingRun:
    """One training on this side, done by a plan."""

    def __init__(self, training: Training, plan: LoopPlan) -> None:
        self.training, self.plan = training, plan
        self.model = copy.deepcopy(training.model)
        self.parameters = dict(self.model.named_parameters())
        self.losses: list[list[float]] = []
        for name, gradient in training.stale.items():
            self.parameters[name].grad = gradient.detach().clone()
        self._make_optimizer()

    def carry_out(self) -> dict[str, Tensor]:
        with torch.enable_grad():
            for epoch in range(max(0, self.training.epochs + self.plan.more_epochs)):
                if self.plan.fresh_optimizer and epoch:
                    self._make_optimizer()
                self._epoch()
        return {name: parameter.detach() for name, parameter in self.parameters.items()}

    def _make_optimizer(self) -> None:
        moved = [parameter for name, parameter in self.parameters.items() if name not in self.plan.frozen]
        rule = self.training.rule
        if self.plan.by_hand:
            rule = Optimiser("SGD", rule.lr)
        self.optimizer = rule.over(moved or [nn.Parameter(torch.zeros(1))])

    def _epoch(self) -> None:
        self.losses.append([])
        if self.plan.zero == "epoch":
            self._zero()
        batches = self.plan.order(self.training.batches)
        for number, (x, y) in enumerate(batches, 1):
            if self.plan.zero == "before":
                self._zero()
            loss = self.training.loss(self.model(x), y)
            self.losses[-1].append(loss.item())
            torch.autograd.backward(self.plan.factor(x, y) * loss)
            if not self.plan.step_per_epoch or number == len(batches):
                for _ in range(self.plan.steps):
                    self.optimizer.step()
            if self.plan.zero == "after":
                self._zero()

    def _zero(self) -> None:
        for parameter in self.parameters.values():
            parameter.grad = None


# --- comparing ----------------------------------------------------------------------------------------------------


def require_training(
    got: Parameters,
    training: Training,
    *,
    where: str = "train_optim",
    forgiven: Collection[str] = (),
    only: Collection[str] = (),
    tolerance: float = TOLERANCE,
) -> None:
    """Compare the parameters that a training left behind with the exact ones, and name the mistake that fits.

    Args:
        got: the student's parameters, by the twin's names.
        training: the task.
        where: the student's function, for the message.
        forgiven: families of mistakes that cost nothing here, see above.
        only: judge these families alone: parameters that show one mistake of any other family pass.
        tolerance: largest difference, relative to the largest entry of a parameter or of its move.

    Raises:
        CheckFailed: a parameter is missing, has another shape, is not finite, or is wrong.
    """
    values, start = _fitted(got, training), training.start
    known = visible_mistakes(training.batches, list(start), stale=bool(training.stale))
    families = {mistake.family for mistake in known}
    unpaid = (families & {*only, "still"} if only else families) - (set(forgiven) - {"still"})
    paid = [_family(known, family) for family in sorted(families - unpaid)]

    def fits(plan: LoopPlan) -> bool:
        end = training.end(plan)
        return all(_close(values[name], end[name], start[name], tolerance) for name in start)

    if any(fits(plan) for plan in _together(paid, pairs=not only)):
        return
    text = _named(fits, [mistake for mistake in known if mistake.family in unpaid], paid)
    fail(
        Text(
            "`{where}` does not leave the parameters where it should: {why}",
            where=where,
            why=text,
            mistake=text.mistake,
        ),
        detail=_distances(values, training.end()),
    )


def _named(
    fits: Callable[[LoopPlan], bool], unpaid: Sequence[LoopMistake], paid: Sequence[Sequence[LoopMistake]]
) -> Text:
    for others in (paid[:0], paid):  # each mistake alone first, then together with those paid for elsewhere
        for base in _together(others, pairs=False):
            for mistake in unpaid:
                if fits(replace(base, **mistake.change)):
                    return mistake.text
    return Text("none of the usual mistakes gives these numbers.")


def _together(families: Sequence[Sequence[LoopMistake]], *, pairs: bool) -> Iterator[LoopPlan]:
    """Yield the right plan, then the plans with one mistake, then, with `pairs`, with one of each of two families."""
    yield LoopPlan()
    for mistake in (mistake for family in families for mistake in family):
        yield replace(LoopPlan(), **mistake.change)
    for number, family in enumerate(families if pairs else ()):
        for first in family:
            for second in (mistake for other in families[number + 1 :] for mistake in other):
                if not first.change.keys() & second.change.keys():
                    yield replace(LoopPlan(), **first.change, **second.change)


def _family(known: Sequence[LoopMistake], family: str) -> list[LoopMistake]:
    return [mistake for mistake in known if mistake.family == family]


def _fitted(got: Parameters, training: Training) -> dict[str, Tensor]:
    values = {}
    for name, start in training.start.items():
        value = got.get(name)
        require(
            type(value) is Tensor and value.is_floating_point() and value.shape == start.shape,
            Text("The model came back without one of its parameters, or with another shape of it."),
            detail=f"{name}: {value if value is None else list(value.shape)}",
        )
        assert value is not None
        require(
            bool(torch.isfinite(value).all()),
            Text("After the training the parameters hold NaN or infinite numbers: it diverged."),
        )
        values[name] = value.detach().cpu().to(torch.float64)
    return values


def _close(value: Tensor, end: Tensor, start: Tensor, tolerance: float) -> bool:
    scale = max(float(end.abs().max()), float((end - start).abs().max()))
    return bool((value - end).abs().max() <= tolerance * scale)


def _distances(values: Parameters, end: Parameters) -> str:
    return "; ".join(f"{name}: off by {float((values[name] - end[name]).abs().max()):.3g}" for name in end)
