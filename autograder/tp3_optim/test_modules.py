"""The module, the optimiser and the evaluation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from gradjudge.checks import ObjectProxy
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.training.optimisation import Optimiser, Training, require_training
from gradjudge.checks.training.student_loops import (
    mirrored,
    number_of,
    parameters_after,
    require_modes,
    require_no_graph,
)
from gradjudge.checks.verdict import CheckFailed, fail, require

LINEAR, HIDDEN, ALIKE = [6, 1], [6, 5, 4, 1], [6, 4, 4, 4, 1]


def _shapes(sizes):
    return Counter(shape for n, p in pairwise(sizes) for shape in ((p, n), (p,)))


def _built(student, sizes):
    """Have the student's Regressor made, in float64."""
    model = student.Regressor(sizes)
    require(
        isinstance(model, ObjectProxy),
        "Regressor(sizes) must give a module.",
        "Regressor(sizes) doit donner un module.",
    )
    recipe = Recipe(student, label="Regressor")
    recipe.of(model).to(torch.zeros((), dtype=torch.float64))
    recipe.run()
    return model


def _registered(student, model):
    """Return the parameters of a module by name."""
    recipe = Recipe(student, label="Regressor.named_parameters")
    (found,) = recipe.run(recipe.make("builtins:dict", recipe.of(model).named_parameters()))
    return {name: value for name, value in found.items() if type(value) is Tensor} if type(found) is dict else {}


def _require_registered(student, sizes):
    model = _built(student, sizes)
    found, due = Counter(tuple(value.shape) for value in _registered(student, model).values()), _shapes(sizes)
    en, fr, named = "", "", ""
    if not found:
        named = "not registered"
        en = ": none is registered. Layers in a plain list are not seen, nor are tensors that are no parameters"
        fr = (
            " : aucun n'est enregistré. Les couches d'une liste ordinaire ne sont pas vues, ni les tenseurs qui ne "
            "sont pas des paramètres"
        )
    elif found < due:
        en, fr = ": some are missing, or one serves twice", " : il en manque, ou l'un d'eux sert deux fois"
    elif found > due:
        en, fr = ": there are others besides", " : il y en a d'autres en plus"
    require(
        found == due,
        f"The parameters of the nn.Linear layers are not what the module has registered{en}.",
        f"Les paramètres des couches nn.Linear ne sont pas ceux que le module a enregistrés{fr}.",
        detail=f"sizes {sizes}: found {dict(found)}",
        mistake=named,
    )
    recipe = Recipe(student, label="Regressor.parameters")
    learnt = recipe.run(*(p.requires_grad for p in _steps(recipe, model, found.total())))
    require(
        all(flag is True for flag in learnt),
        "Some parameters do not require a gradient: they cannot learn.",
        "Certains paramètres ne demandent pas de gradient : ils ne peuvent pas apprendre.",
        mistake="no grad",
    )


def _steps(recipe, model, count):
    parameters = recipe.make("builtins:list", recipe.of(model).parameters())
    return [parameters[number] for number in range(count)]


@pytest.mark.item("regressor.registered")
def test_regressor_registers_one_layer(student):
    """Regressor([n, 1]) has registered a weight and a bias.

    fr: Regressor([n, 1]) a enregistré un poids et un biais.
    """
    _require_registered(student, LINEAR)


@pytest.mark.item("regressor.registered")
def test_regressor_registers_all_layers(student):
    """Regressor with hidden layers has registered the weight and the bias of each layer.

    fr: Regressor avec des couches cachées a enregistré le poids et le biais de chaque couche.
    """
    _require_registered(student, HIDDEN)
    _require_registered(student, ALIKE)  # layers of one size are several all the same


def _put(student, model, sizes, numbers):
    """Put known numbers into a Regressor; give them by shape.

    Shapes tell layers apart, whatever their names. Where the module has not registered them, which has been paid for,
    they are taken from its list `layers`.
    """
    values = {shape: numbers(*shape) for shape in _shapes(sizes)}
    names = {name: tuple(value.shape) for name, value in _registered(student, model).items()}
    found = Counter(names.values())
    if found and found <= _shapes(sizes):  # what is missing, such as a bias, has been paid for: it counts as zero
        recipe = Recipe(student, label="Regressor.named_parameters")
        owned = recipe.make("builtins:dict", recipe.of(model).named_parameters())
        for name, shape in names.items():
            recipe.set(recipe.make("operator:getitem", owned, name), "data", values[shape])
        recipe.run()
        return {shape: value if shape in found else torch.zeros_like(value) for shape, value in values.items()}
    layers = [layer for layer in _listed(model) if isinstance(layer, ObjectProxy)]
    placed = set()
    for layer in layers:
        for name in ("weight", "bias"):
            shape = _shape_of(layer, name)
            if shape in values:
                setattr(layer, name, values[shape])
                placed.add(shape)
    require(
        placed == set(values),
        "The layers are neither registered nor in the attribute `layers`: what forward does cannot be seen.",
        "Les couches ne sont ni enregistrées ni dans l'attribut `layers` : on ne peut pas voir ce que fait forward.",
    )
    return values


def _listed(model):
    layers = model.layers
    return layers if isinstance(layers, list | tuple) else []


def _shape_of(layer, name):
    try:
        value = getattr(layer, name)
    except Exception:  # noqa: BLE001  # an activation in the list has no weight
        return None
    return tuple(value.shape) if type(value) is Tensor else None


def _require_forward(student, device, numbers, sizes):
    model = _built(student, sizes)
    values, x = _put(student, model, sizes, numbers), numbers(7, sizes[0])

    def forward(between, after):
        hidden = x
        for number, (n, p) in enumerate(pairwise(sizes)):
            hidden = (between(hidden) if number else hidden) @ values[p, n].T + values[p,]
        return after(hidden)

    def keep(z):
        return z

    got, allowed = _output(student, model, x), tolerance(device, torch.float64)
    due = forward(torch.tanh, keep)
    require(
        type(got) is Tensor and got.dtype == torch.float64 and got.shape == due.shape,
        "Regressor must give a tensor of the dtype of x, with one row per row of x and one column per output.",
        "Regressor doit donner un tenseur du type de x, qui a une ligne par ligne de x et une colonne par sortie.",
    )
    if near(got, due, allowed):
        return
    for between, after, key, en, fr in (
        (
            torch.tanh,
            torch.tanh,
            "activation at the end",
            "there is a tanh after the last layer",
            "il y a une tanh après la dernière couche",
        ),
        (keep, keep, "no activation", "there is no tanh between the layers", "il n'y a pas de tanh entre les couches"),
        (
            torch.relu,
            keep,
            "other activation",
            "there is a ReLU where a tanh is expected",
            "il y a une ReLU là où l'on attend une tanh",
        ),
        (
            torch.sigmoid,
            keep,
            "other activation",
            "there is a sigmoid where a tanh is expected",
            "il y a une sigmoïde là où l'on attend une tanh",
        ),
    ):
        if near(got, forward(between, after), allowed):
            fail(f"The output of Regressor is wrong: {en}.", f"La sortie de Regressor est fausse : {fr}.", mistake=key)
    fail(
        "The output of Regressor is not that of its layers with a tanh between them.",
        "La sortie de Regressor n'est pas celle de ses couches avec une tanh entre elles.",
    )


def _output(student, model, x):
    """Call a module with rows that are a transposed view, as a student's own data may be."""
    recipe = Recipe(student, label="Regressor")
    (got,) = recipe.run(recipe.of(model)(recipe.copy(x, transposed=True)))
    return got


def _require_gradients(student, device, numbers, sizes):
    """Require the gradient of the output to reach every layer, where the layers are registered."""
    model = _built(student, sizes)
    values, x, cotangent = _put(student, model, sizes, numbers), numbers(7, sizes[0]), numbers(7, sizes[-1])
    found = {name: tuple(value.shape) for name, value in _registered(student, model).items()}
    recipe = Recipe(student, label="Regressor.parameters")
    if not all(flag is True for flag in recipe.run(*(p.requires_grad for p in _steps(recipe, model, len(found))))):
        return  # paid for where they are registered
    leaves = {shape: value.requires_grad_() for shape, value in values.items()}
    out = x
    for number, (n, p) in enumerate(pairwise(sizes)):
        out = (torch.tanh(out) if number else out) @ leaves[p, n].T + leaves[p,]
    due = dict(zip(leaves, torch.autograd.grad(out, list(leaves.values()), cotangent), strict=True))
    recipe = Recipe(student, label="Regressor")
    recipe.of(model)(x).backward(cotangent)
    owned = recipe.make("builtins:dict", recipe.of(model).named_parameters())
    got = recipe.run(*(owned[name].grad for name in found)) if found else ()
    allowed = tolerance(device, torch.float64)
    for shape, gradient in zip(found.values(), got, strict=True):
        require(
            type(gradient) is Tensor and gradient.shape == due[shape].shape,
            "The gradient of the output does not reach every layer: something on the way is detached.",
            "Le gradient de la sortie n'atteint pas toutes les couches : quelque chose est détaché en chemin.",
            mistake="detached",
        )
        if not near(gradient, due[shape], allowed):
            return  # another forward, which is paid for


@pytest.mark.item("regressor.forward")
def test_regressor_forward_linear(student, device, numbers):
    """Regressor([n, 1]) is linear.

    fr: Regressor([n, 1]) est linéaire.
    """
    _require_forward(student, device, numbers, LINEAR)


@pytest.mark.item("regressor.forward")
def test_regressor_forward_hidden(student, device, numbers):
    """With hidden layers, Regressor has a tanh between the layers, none after the last, and gradients reach them all.

    fr: Avec des couches cachées, Regressor a une tanh entre les couches, aucune après, et les gradients les atteignent.
    """
    _require_forward(student, device, numbers, HIDDEN)
    _require_gradients(student, device, numbers, HIDDEN)


def _require_optimizer(student, network, numbers, name, rule):
    """Let the student's optimiser move a nested model for a few steps that are known."""
    twin = nn.Sequential(network(4, 3), nn.Tanh(), network(3, 2, 1))
    training = Training(twin, [(numbers(5, 4), numbers(5, 1) + 3) for _ in range(3)], 1, rule)
    model = mirrored(student, twin)
    optimizer = student.make_optimizer(model, name, rule.lr)
    require(
        isinstance(optimizer, ObjectProxy),
        "make_optimizer must return an optimiser of torch.optim.",
        "make_optimizer doit renvoyer un optimiseur de torch.optim.",
    )
    recipe = Recipe(student, label="make_optimizer")
    moved, module, loss_fn = recipe.of(optimizer), recipe.of(model), recipe.make("torch.nn:MSELoss")
    for x, y in training.batches:
        module.zero_grad()
        loss_fn(module(x), y).backward()
        moved.step()
    recipe.run()
    got = parameters_after(student, model, {name: name for name in training.start})
    if rule.name != "SGD" and _as_with_sgd(got, training):
        fail(
            f"make_optimizer gives an SGD where {rule.name} is asked for.",
            f"make_optimizer donne un SGD là où l'on demande {rule.name}.",
            mistake="other optimiser",
        )
    require_training(got, training, where="make_optimizer")


def _as_with_sgd(got, training):
    try:
        require_training(got, replace(training, rule=Optimiser("SGD", training.rule.lr)))
    except CheckFailed:
        return False
    return True


@pytest.mark.item("make_optimizer")
def test_make_optimizer_sgd(student, network, numbers):
    """make_optimizer(model, "sgd", lr) gives an SGD that moves all parameters, sub-modules included, with that step.

    fr: make_optimizer(model, "sgd", lr) donne un SGD qui déplace tous les paramètres, sous-modules compris, de ce pas.
    """
    _require_optimizer(student, network, numbers, "sgd", Optimiser("SGD", 0.07))


@pytest.mark.item("make_optimizer")
def test_make_optimizer_adam(student, network, numbers):
    """make_optimizer(model, "adam", lr) gives an Adam that moves all parameters with that step.

    fr: make_optimizer(model, "adam", lr) donne un Adam qui déplace tous les paramètres de ce pas.
    """
    _require_optimizer(student, network, numbers, "adam", Optimiser("Adam", 0.07))


@pytest.mark.item("evaluate.value")
def test_evaluate_value(student, device, network, numbers):
    """evaluate gives the loss of the model over all rows, as one number.

    fr: evaluate donne la perte du modèle sur toutes les lignes, en un seul nombre.
    """
    twin, x, y = network(4, 3, 1), numbers(11, 4), numbers(11, 1)
    due = nn.functional.mse_loss(twin(x), y).detach()
    got = torch.tensor(number_of(student.evaluate(mirrored(student, twin), x, y)), dtype=torch.float64)
    if near(got, due, tolerance(device, torch.float64)):
        return
    for wrong, key, en, fr in (
        (11 * due, "sum", "it is a sum where a mean is expected", "c'est une somme là où l'on attend une moyenne"),
        (0.5 * due, "factor 1/2", "it is half of what is expected", "elle vaut la moitié de ce qu'on attend"),
        (due.sqrt(), "root", "it is the root of what is expected", "c'est la racine de ce qu'on attend"),
    ):
        if near(got, wrong, tolerance(device, torch.float64)):
            fail(
                f"The loss that evaluate gives is wrong: {en}.",
                f"La perte que donne evaluate est fausse : {fr}.",
                mistake=key,
            )
    fail(
        "evaluate does not give the mean square error of the model over all rows.",
        "evaluate ne donne pas l'erreur quadratique moyenne du modèle sur toutes les lignes.",
    )


@pytest.mark.item("evaluate.clean")
def test_evaluate_builds_no_graph(student, numbers):
    """evaluate builds no graph.

    fr: evaluate ne construit pas de graphe.
    """
    require_no_graph(student, student.evaluate, numbers(11, 4), numbers(11, 1))


@pytest.mark.item("evaluate.clean")
def test_evaluate_keeps_the_mode(student, numbers):
    """evaluate puts the model into evaluation mode, and back into the mode that it had.

    fr: evaluate met le modèle en mode évaluation, puis le remet dans le mode qu'il avait.
    """
    require_modes(student, student.evaluate, numbers(11, 4), numbers(11, 1))
