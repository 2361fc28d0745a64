"""A student's ``nn.Module`` in the session: read and load its parameters, pull a cotangent back through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, flaw_in
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import Tolerance
from gradjudge.checks.verdict import StudentRaised, Text, fail, require
from gradjudge.judge.proxy.objects import CallableProxy, label_of
from gradjudge.judge.proxy.student import Student

Parameters = Mapping[str, Tensor]


class Pulled(NamedTuple):
    """The results of one forward and backward of a module.

    Attributes:
        output: of forward.
        dx: gradient of the input, or None where nothing reached it.
        grads: gradient of each parameter by name, or None where nothing reached it.
    """

    output: Any
    dx: Any
    grads: dict[str, Any]


def parameters_of(student: Student, module: Any) -> dict[str, Tensor]:
    """Return copies of a module's parameters by name, as ``named_parameters`` gives them.

    Raises:
        CheckFailed: it is not an ``nn.Module``, or its parameters are not tensors.
    """
    label = label_of(module)
    _require_module(module, label)
    recipe = Recipe(student, label=label)
    (found,) = recipe.run(recipe.make("builtins:dict", recipe.of(module).named_parameters()))
    if not isinstance(found, dict) or not all(type(value) is Tensor for value in found.values()):
        fail(
            Text("The parameters of `{label}` cannot be read.", label=label),
            detail=repr(found)[:500],
        )
    return {str(name): value.detach() for name, value in found.items()}


def load_parameters(student: Student, module: Any, values: Parameters) -> None:
    """Set a module's parameters in place, by name: an optimiser that holds them sees the change.

    Raises:
        StudentRaised: one has another shape.
    """
    _require_module(module, label_of(module))
    recipe = Recipe(student, label=label_of(module))
    recipe.of(module).load_state_dict(dict(values), strict=False)
    recipe.run()


def pulled_back(
    student: Student, module: Any, x: Tensor, cotangent: Tensor, *, method: str = "", names: tuple[str, ...] = ()
) -> Pulled:
    """Run a module on `x`, then pull `cotangent` back through it; gradients of earlier passes are cleared first.

    Args:
        x: the input; it requires grad in the session.
        cotangent: gradient of the output, of the output's shape.
        method: the method to call (``"encode"``); the module itself if empty.
        names: parameters whose gradients are wanted; all of them if empty.

    Raises:
        StudentRaised: forward or backward raised.
    """
    label = f"{label_of(module)}.{method}" if method else label_of(module)
    _require_module(module, label_of(module))
    wanted = names or tuple(parameters_of(student, module))
    recipe = Recipe(student, label=label)
    net, leaf = recipe.of(module), recipe.leaf(x)
    net.zero_grad()
    output = (getattr(net, method) if method else net)(leaf)
    output.backward(cotangent)
    parameters = recipe.make("builtins:dict", net.named_parameters())
    value, dx, *grads = recipe.run(output, leaf.grad, *(parameters[name].grad for name in wanted))
    return Pulled(value, dx, dict(zip(wanted, grads, strict=True)))


def require_same_for_views(student: Student, module: Any, x: Tensor, *, method: str = "") -> None:
    """Require a module to give the same for a transposed view as for a contiguous input.

    A module that raises for views (``.view``) passes: its error is loud, and judged elsewhere.

    Args:
        x: a matrix (q, n).
        method: the method to call; the module itself if empty.

    Raises:
        CheckFailed: it gives other numbers.
    """
    given = []
    label = f"{label_of(module)}.{method}" if method else label_of(module)
    for transposed in (False, True):
        recipe = Recipe(student, label=label)
        net = recipe.of(module)
        try:
            (value,) = recipe.run((getattr(net, method) if method else net)(recipe.copy(x, transposed=transposed)))
        except StudentRaised:
            if transposed:
                return
            raise
        given.append(value)
    plain, view = given
    require(
        type(plain) is Tensor
        and type(view) is Tensor
        and (plain.shape, plain.dtype) == (view.shape, view.dtype)
        and torch.allclose(plain, view, rtol=1e-4, atol=1e-6, equal_nan=True),
        Text("`{label}` gives other numbers when its input is not contiguous in memory.", label=label),
    )


def require_parameters(
    got: Mapping[str, object], expected: Parameters, *, allowed: Tolerance, where: Text, flatten: bool = False
) -> None:
    """Require each parameter, or each gradient, to be as expected, and name those that are not.

    Args:
        got: by name; a missing one is wrong.
        expected: by name, on this side.
        where: what they are: "after 3 steps", "après 3 pas".
        flatten: compare after ``reshape(-1)``.

    Raises:
        CheckFailed: some differ; the message names them and the first flaw.
    """
    shape = Text("that of the parameter")
    flaws = {
        name: flaw
        for name, value in expected.items()
        if (flaw := flaw_in(got.get(name), Due(value, shape, flatten=flatten), allowed)) is not None
    }
    if not flaws:
        return
    names, first = ", ".join(flaws), next(iter(flaws.values())).text
    text = Text("{where}, {name}: the value {flaw}.", where=where, name=names, flaw=first)
    if len(flaws) > 1:
        text = Text("{where}, {names}: the first {flaw}.", where=where, names=names, flaw=first)
    fail(
        text,
        detail="; ".join(f"{name}: got {got.get(name)}, expected {expected[name]}" for name in flaws)[:4000],
    )


def _require_module(module: object, label: str) -> None:
    require(isinstance(module, CallableProxy), Text("`{label}` is no module: derive it from nn.Module.", label=label))
