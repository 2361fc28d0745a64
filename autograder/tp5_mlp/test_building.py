"""What is built from modules, and what moves their parameters: Sequential and SGD."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import require


@pytest.mark.item("sequential")
def test_sequential_forward(sequential_check):
    """Sequential.forward goes through its modules in order.

    fr: Sequential.forward passe par ses modules dans l'ordre.
    """
    sequential_check.forward()


@pytest.mark.item("sequential")
def test_sequential_backward(sequential_check):
    """Sequential.backward goes back through them, returns dL/dx and reaches every parameter.

    fr: Sequential.backward les remonte, renvoie dL/dx et atteint chaque paramètre.
    """
    for name in ("x", "w2", "b2", "w1", "b1"):
        sequential_check.gradient(name)


@pytest.mark.item("sequential")
def test_sequential_parameters(student, stand_in, build, weights):
    """Sequential.parameters lists the parameters of all of its modules, once each.

    fr: Sequential.parameters liste les paramètres de tous ses modules, une fois chacun.
    """
    stand_in("Linear", "Tanh")
    given = [tensor + 0.5 for tensor in weights(4, 3, 2)]
    built = build(given)
    recipe = Recipe(student, label="Sequential.parameters")
    (listed,) = recipe.run(recipe.make("builtins:list", recipe.of(built.net).parameters()))
    require(
        isinstance(listed, list) and len(listed) == 4,
        "A Sequential of two Linear and a Tanh must list 4 parameters, in one flat list.",
        "Un Sequential de deux Linear et d'un Tanh doit lister 4 paramètres, dans une seule liste.",
    )
    recipe = Recipe(student, label="Sequential.parameters")
    found = recipe.run(*(recipe.of(param).data for param in listed))
    for value in given:
        require(
            sum(type(one) is Tensor and torch.equal(one.cpu().reshape(-1), value.reshape(-1)) for one in found) == 1,
            "Sequential.parameters must list the very Params of its modules, once each.",
            "Sequential.parameters doit lister les Param mêmes de ses modules, une fois chacun.",
        )


@pytest.fixture
def sgd_steps(student, rng):
    """Let the student's SGD make two steps over w and b; give each one's sum of gradients and its move, over -lr."""

    def run():
        shapes = {"w": (3, 2), "b": (2,)}
        start, first, second = (
            {name: torch.randn(*shape, generator=rng, dtype=torch.float64) for name, shape in shapes.items()}
            for _ in range(3)
        )
        recipe = Recipe(student, label="SGD.step")
        params = {name: recipe.of(student.Param)(value) for name, value in start.items()}
        optimizer = recipe.of(student.SGD)(list(params.values()), 0.25)
        for grads in (first, second):
            for name, param in params.items():
                recipe.set(param, "grad", grads[name])
            optimizer.step()
        found = recipe.run(*(param.data for param in params.values()))
        for name, data in zip(shapes, found, strict=True):
            require(
                type(data) is Tensor and data.is_floating_point() and data.shape == start[name].shape,
                f"After SGD.step, the data of {name} has not the shape that it had.",
                f"Après SGD.step, data de {name} n'a plus la forme qu'il avait.",
            )
        moves = {name: (start[name] - data) / 0.25 for name, data in zip(shapes, found, strict=True)}
        return {name: first[name] + second[name] for name in shapes}, moves

    return run


@pytest.mark.item("sgd")
def test_sgd_step(sgd_steps, device):
    """SGD.step moves a parameter by -lr times its grad, each time it is called.

    fr: SGD.step déplace un paramètre de -lr fois son grad, à chaque appel.
    """
    gradients, moves = sgd_steps()
    allowed = tolerance(device, torch.float64)
    require(
        not near(moves["w"], -gradients["w"], allowed),
        "SGD.step climbs: the sign is wrong.",
        "SGD.step monte : le signe est faux.",
        mistake="sign",
    )
    require(
        not near(0.25 * moves["w"], gradients["w"], allowed),
        "SGD.step moves by the gradient itself: multiply it by lr.",
        "SGD.step déplace du gradient lui-même : multipliez-le par lr.",
        mistake="learning rate",
    )
    require(
        near(moves["w"], gradients["w"], allowed),
        "After two calls of SGD.step, the parameter is not where p - lr * grad leads twice.",
        "Après deux appels de SGD.step, le paramètre n'est pas là où mène deux fois p - lr * grad.",
    )


@pytest.mark.item("sgd")
def test_sgd_every_parameter(sgd_steps, device):
    """SGD.step moves every parameter of its list, by the same rule.

    fr: SGD.step déplace chaque paramètre de sa liste, selon la même règle.
    """
    gradients, moves = sgd_steps()
    rule = float((moves["w"] * gradients["w"]).sum() / (gradients["w"] ** 2).sum())
    require(
        rule != 0 and near(moves["b"], rule * gradients["b"], tolerance(device, torch.float64)),
        "SGD.step does not move the second parameter of its list as it moves the first.",
        "SGD.step ne déplace pas le second paramètre de sa liste comme le premier.",
        mistake="first only",
    )
