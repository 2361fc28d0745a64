"""Run the student's training and evaluation functions on a module in the session, and read the results.

The module lives in the session: a mirror of one on this side (`mirrored`), or one of the student's. The task is a
`gradjudge.checks.training.optimisation.Training`, whose module says how it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradjudge.checks.comparison import number_in
from gradjudge.checks.instruments import optimizer as make_optimizer
from gradjudge.checks.modules.networks import parameters_of
from gradjudge.checks.recipes import Recipe, RecipeStep
from gradjudge.checks.training.optimisation import Batch, Training
from gradjudge.checks.training.outcomes import losses_of
from gradjudge.checks.verdict import Text, fail, require
from gradjudge.judge.proxy.line import senseless
from gradjudge.judge.proxy.objects import ObjectProxy
from gradjudge.judge.proxy.student import Student

_MIRRORED: Mapping[type[nn.Module], Callable[[Any], tuple[object, ...]]] = {
    nn.Linear: lambda layer: (layer.in_features, layer.out_features, layer.bias is not None),
    nn.Tanh: lambda _: (),
    nn.ReLU: lambda _: (),
    nn.Dropout: lambda layer: (layer.p,),
}


def mirrored(student: Student, twin: nn.Sequential) -> ObjectProxy:
    """Make the same module in the session: nested ``nn.Sequential`` of Linear, Tanh, ReLU and Dropout, float64.

    Raises:
        KeyError: the twin holds another kind of layer: a mistake in the test.
    """
    recipe = Recipe(student, label="model")
    made = _mirror(recipe, twin).to(torch.zeros((), dtype=torch.float64))
    made.load_state_dict(dict(twin.state_dict()))
    made.train(twin.training)
    (proxy,) = recipe.run(made)
    return _object(proxy)


def _mirror(recipe: Recipe, twin: nn.Module) -> RecipeStep:
    if type(twin) is nn.Sequential:
        return recipe.make("torch.nn:Sequential", *(_mirror(recipe, layer) for layer in twin))
    return recipe.make(f"torch.nn:{type(twin).__name__}", *_MIRRORED[type(twin)](twin))


class TrainedModule(NamedTuple):
    """What a training left behind: the parameters by the twin's names, and what the student's function returned."""

    parameters: dict[str, Tensor]
    returned: Any


def run_training(
    student: Student,
    train: Any,
    training: Training,
    model: ObjectProxy,
    *,
    names: Mapping[str, str] | None = None,
    call: Callable[[Any, Any, list[Batch], Any, int], Any] | None = None,
) -> TrainedModule:
    """Run the student's `train` on a task in the session, and read the parameters afterwards.

    Args:
        train: ``train(model, loader, optimizer, epochs)``, a proxy.
        model: a module of the session in the training's initial state (see `mirrored`).
        names: for each of the twin's names, the model's own; left out where they agree.
        call: calls `train` with another signature: ``call(train, model, batches, optimizer, epochs)``.

    Raises:
        StudentRaised: the student's code raised.
    """
    own = dict(names or {name: name for name in training.start})
    optimizer = make_optimizer(student, model, training.rule.name, lr=training.rule.lr, **training.rule.options)
    if training.stale:
        recipe = Recipe(student, label="model.parameters")
        parameters = recipe.make("builtins:dict", recipe.of(model).named_parameters())
        for name, gradient in training.stale.items():
            recipe.set(recipe.make("operator:getitem", parameters, own[name]), "grad", gradient)
        recipe.run()
    batches = [(x, y) for x, y in training.batches]
    call = call or (lambda train, *given: train(*given))
    returned = call(train, model, batches, optimizer, training.epochs)
    return TrainedModule(parameters_after(student, model, own), returned)


def parameters_after(student: Student, model: ObjectProxy, names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the parameters of a module of the session by the twin's names; missing ones are left out."""
    found = parameters_of(student, model)
    return {ours: found[theirs] for ours, theirs in names.items() if theirs in found}


def require_losses(returned: object, epochs: int, *, where: str = "train_optim") -> list[float]:
    """Require one finite number per epoch: a list of floats; 0-dim tensors and ``[epoch, loss]`` pairs are right too.

    Raises:
        CheckFailed: it is something else.
    """
    require(
        returned is not None,
        Text("`{where}` returns nothing; a list with one loss per epoch is expected.", where=where, mistake="history"),
    )
    return losses_of(returned, epochs)


def _object(made: Any) -> ObjectProxy:
    if not isinstance(made, ObjectProxy):
        senseless("model", "a value where a module is due")
    return made


# --- evaluation ---------------------------------------------------------------------------------------------------


def number_of(returned: object, *, where: str = "evaluate") -> float:
    """Return the number that the student's function returned; a one-element tensor is right too.

    Raises:
        CheckFailed: it is something else.
    """
    if type(returned) is Tensor and returned.numel() > 1:
        shape = str(list(returned.shape))
        fail(
            Text(
                "`{where}` must return one number, not a tensor of shape {shape}: one mean over all entries is "
                "expected.",
                where=where,
                shape=shape,
                mistake="unreduced",
            ),
        )
    whole = type(returned) is Tensor and not returned.is_floating_point()
    number = None if whole else number_in(returned)
    return fail(Text("`{where}` must return one number.", where=where)) if number is None else float(number)


class _Watched(NamedTuple):
    """A model of the session whose last layer's input is kept; ``keep(layer)`` returns it."""

    model: ObjectProxy
    layer: ObjectProxy
    keep: ObjectProxy


def _watched(student: Student, x: Tensor, *, training: bool) -> _Watched:
    """Make a model with dropout, in training mode or not, whose last layer is watched."""
    recipe = Recipe(student, label="model")
    first, drop = recipe.make("torch.nn:Linear", x.shape[1], 3), recipe.make("torch.nn:Dropout", 0.5)
    last, keep = recipe.make("torch.nn:Linear", 3, 1), recipe.make("builtins:dict").setdefault
    last.register_forward_pre_hook(keep)  # called with the layer and the tuple of its inputs
    model = recipe.make("torch.nn:Sequential", first, drop, last).to(x).train(training)
    return _Watched(*(_object(made) for made in recipe.run(model, last, keep)))


def _into_last_layer(student: Student, watched: _Watched, where: str) -> tuple[Tensor, bool]:
    """Return the input of the last layer, and whether autograd tracked it."""
    recipe = Recipe(student, label=where)
    (kept,) = recipe.run(recipe.of(watched.keep)(recipe.of(watched.layer)))
    require(
        type(kept) is tuple and len(kept) == 1 and type(kept[0]) is Tensor,
        Text("`{where}` does not call the model that it was given.", where=where),
    )
    recipe = Recipe(student, label=where)
    (tracked,) = recipe.run(recipe.of(watched.keep)(recipe.of(watched.layer))[0].requires_grad)
    return kept[0], tracked is not False


def require_no_graph(student: Student, evaluate: Any, x: Tensor, y: Tensor, *, where: str = "evaluate") -> None:
    """Require ``evaluate(model, x, y)`` to build no graph, whatever it returns.

    Args:
        x: ``(q, n)``.
        y: ``(q, 1)``.

    Raises:
        CheckFailed: autograd was on while the model was called, or the model was not called.
    """
    watched = _watched(student, x, training=True)
    evaluate(watched.model, x, y)
    _, tracked = _into_last_layer(student, watched, where)
    require(
        not tracked,
        Text(
            "`{where}` builds a graph that nobody needs: call the model under torch.no_grad().",
            where=where,
            mistake="graph",
        ),
    )


def require_modes(student: Student, evaluate: Any, x: Tensor, y: Tensor, *, where: str = "evaluate") -> None:
    """Require ``evaluate(model, x, y)`` to use the evaluation mode, and to restore the mode that it found.

    Args:
        x: ``(q, n)``, some ten rows: zeros show whether dropout was on.
        y: ``(q, 1)``.

    Raises:
        CheckFailed: dropout was on, the mode is another one afterwards, or the model was not called.
    """
    for training in (True, False):
        watched = _watched(student, x, training=training)
        evaluate(watched.model, x, y)
        hidden, _ = _into_last_layer(student, watched, where)
        require(
            bool((hidden != 0).all()),
            Text(
                "`{where}` leaves layers such as dropout in training mode: call model.eval() first.",
                where=where,
                mistake="eval",
            ),
        )
        require(
            watched.model.training is training,
            Text(
                "After `{where}` the model is in another mode than before: put model.training back as it was.",
                where=where,
                mistake="mode",
            ),
        )
