"""Modules and losses with a backward of their own, and what is built from them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance, widest
from gradjudge.checks.verdict import require


@pytest.mark.item("linear.forward")
def test_linear_forward(linear_check):
    """Linear.forward gives x @ w + b.

    fr: Linear.forward donne x @ w + b.
    """
    linear_check.forward()


@pytest.mark.item("linear.dx")
def test_linear_dx(linear_check):
    """Linear.backward returns dL/dx.

    fr: Linear.backward renvoie dL/dx.
    """
    linear_check.gradient("x")


@pytest.mark.item("linear.dw")
def test_linear_dw(linear_check):
    """Linear.backward adds dL/dw to w.grad.

    fr: Linear.backward ajoute dL/dw à w.grad.
    """
    linear_check.gradient("w")


@pytest.mark.item("linear.db")
def test_linear_db(linear_check):
    """Linear.backward adds dL/db to b.grad.

    fr: Linear.backward ajoute dL/db à b.grad.
    """
    linear_check.gradient("b")


@pytest.mark.item("tanh")
def test_tanh_forward(activation):
    """Tanh.forward gives tanh of every number.

    fr: Tanh.forward donne la tanh de chaque nombre.
    """
    activation("Tanh", torch.tanh).forward()


@pytest.mark.item("tanh")
def test_tanh_backward(activation):
    """Tanh.backward returns dL/dx.

    fr: Tanh.backward renvoie dL/dx.
    """
    activation("Tanh", torch.tanh).gradient("x")


@pytest.mark.item("sigmoid")
def test_sigmoid_forward(activation):
    """Sigmoid.forward gives 1 / (1 + exp(-x)).

    fr: Sigmoid.forward donne 1 / (1 + exp(-x)).
    """
    activation("Sigmoid", torch.sigmoid).forward()


@pytest.mark.item("sigmoid")
def test_sigmoid_backward(activation):
    """Sigmoid.backward returns dL/dx.

    fr: Sigmoid.backward renvoie dL/dx.
    """
    activation("Sigmoid", torch.sigmoid).gradient("x")


@pytest.mark.item("relu")
def test_relu_forward(activation):
    """ReLU.forward gives max(0, x).

    fr: ReLU.forward donne max(0, x).
    """
    activation("ReLU", torch.relu).forward()


@pytest.mark.item("relu")
def test_relu_backward(activation):
    """ReLU.backward returns dL/dx (never judged at x = 0).

    fr: ReLU.backward renvoie dL/dx (jamais jugé en x = 0).
    """
    activation("ReLU", torch.relu).gradient("x")


@pytest.mark.item("accumulate")
def test_gradients_accumulate(linear_check):
    """Two passes of Linear without zero_grad add up in the grads.

    fr: Deux passes de Linear sans zero_grad s'ajoutent dans les grad.
    """
    linear_check.accumulates()


@pytest.mark.item("accumulate")
def test_zero_grad(linear_check):
    """zero_grad sets every grad to zero, and leaves the parameters alone.

    fr: zero_grad remet chaque grad à zéro, et ne touche pas aux paramètres.
    """
    linear_check.zeroes()


@pytest.mark.item("logsoftmax.forward")
def test_logsoftmax_forward(activation):
    """LogSoftmax.forward gives log-probabilities, row by row.

    fr: LogSoftmax.forward donne des log-probabilités, ligne par ligne.
    """
    activation("LogSoftmax", lambda x: x.log_softmax(1)).forward()


@pytest.mark.item("logsoftmax.backward")
def test_logsoftmax_backward(activation):
    """LogSoftmax.backward returns dL/dx for any delta.

    fr: LogSoftmax.backward renvoie dL/dx pour n'importe quel delta.
    """
    activation("LogSoftmax", lambda x: x.log_softmax(1)).gradient("x")


@pytest.mark.item("logsoftmax.stable")
def test_logsoftmax_stable(student, passed, rng, device):
    """LogSoftmax stays finite for inputs of 1e4, forward and backward.

    fr: LogSoftmax reste fini pour des entrées de 1e4, en avant comme en arrière.
    """
    x = torch.randn(6, 4, generator=rng, dtype=torch.float64).to(widest(device))
    far = x.clone()
    far[:, 1], far[::2, 3] = 1e4, -1e4
    recipe = Recipe(student, label="LogSoftmax")
    cls, results, backs = recipe.of(student.LogSoftmax), [], []
    for inputs in (x, x + 1e4, x - 1e4, far):
        module = cls()
        results.append(recipe.make("torch:clone", module.forward(inputs)))
        if passed("logsoftmax.backward"):  # a backward that is wrong anyway has been paid for
            backs.append(module.backward(x.sign()))
    found = recipe.run(*results, *backs)
    require(
        all(type(one) is Tensor and one.is_floating_point() and one.shape == x.shape for one in found),
        "LogSoftmax must give a tensor of the shape of x, in forward and in backward.",
        "LogSoftmax doit donner un tenseur de la forme de x, en avant comme en arrière.",
    )
    require(
        all(bool(torch.isfinite(one).all()) for one in found),
        "With inputs of 1e4 or -1e4, LogSoftmax gives NaN or infinity: subtract each row's maximum first, and do not "
        "take the logarithm of a probability.",
        "Avec des entrées de 1e4 ou -1e4, LogSoftmax donne NaN ou l'infini : soustrayez d'abord le maximum de chaque "
        "ligne, et ne prenez pas le logarithme d'une probabilité.",
        mistake="overflow",
    )
    loose = 1e-3 if widest(device) == torch.float32 else 1e-8  # x + 1e4 itself is rounded
    plain = found[0]
    require(
        float(plain.max()) > float(plain.min()),
        "LogSoftmax gives the same number everywhere.",
        "LogSoftmax donne partout le même nombre.",
    )
    for moved in (found[1], found[2]):
        require(
            float((moved - plain).abs().max()) <= loose * float(plain.abs().max() + 1),
            "Adding 1e4 to all inputs of LogSoftmax changes its result; it should not.",
            "Ajouter 1e4 à toutes les entrées de LogSoftmax change son résultat ; cela ne devrait pas.",
        )


@pytest.mark.item("mse")
def test_mse_forward(loss):
    """MSE.forward gives (1/q) times the sum of squares.

    fr: MSE.forward donne (1/q) fois la somme des carrés.
    """
    loss("MSE").forward()


@pytest.mark.item("mse")
def test_mse_backward(loss):
    """MSE.backward returns dL/dyhat.

    fr: MSE.backward renvoie dL/dyhat.
    """
    loss("MSE").gradient()


@pytest.mark.item("nll")
def test_nll_forward(loss):
    """NLL.forward gives -(1/q) times the sum of the log-probabilities of the right classes.

    fr: NLL.forward donne -(1/q) fois la somme des log-probabilités des bonnes classes.
    """
    loss("NLL").forward()


@pytest.mark.item("nll")
def test_nll_backward(loss):
    """NLL.backward returns dL/dyhat, zero outside of the right classes.

    fr: NLL.backward renvoie dL/dyhat, nul hors des bonnes classes.
    """
    loss("NLL").gradient()


@pytest.mark.item("kldiv")
def test_kldiv_forward(loss):
    """KLDiv.forward gives (1/q) times the sum of y (log y - yhat).

    fr: KLDiv.forward donne (1/q) fois la somme des y (log y - yhat).
    """
    loss("KLDiv").forward()


@pytest.mark.item("kldiv")
def test_kldiv_backward(loss):
    """KLDiv.backward returns dL/dyhat.

    fr: KLDiv.backward renvoie dL/dyhat.
    """
    loss("KLDiv").gradient()


@pytest.mark.item("kldiv")
def test_kldiv_zero(student, rng, device):
    """A term of KLDiv with y = 0 counts 0, and is not NaN.

    fr: Un terme de KLDiv où y = 0 compte pour 0, et n'est pas NaN.
    """
    yhat = torch.randn(6, 4, generator=rng, dtype=torch.float64).log_softmax(1).to(widest(device))
    y = torch.eye(4, dtype=torch.float64).to(widest(device))[torch.randint(0, 4, (6,), generator=rng)]
    near_zero = (y + 1e-30) / (y + 1e-30).sum(1, keepdim=True)
    recipe = Recipe(student, label="KLDiv")
    cls = recipe.of(student.KLDiv)
    with_zeros, without = cls().forward(yhat, y), cls().forward(yhat, near_zero)
    found = recipe.run(with_zeros, without)
    require(
        all(type(one) is Tensor and one.is_floating_point() and one.numel() == 1 for one in found)
        and not bool(torch.isnan(found[0]).any()),
        "Where y = 0 the term y log y counts 0; `0 * log(0)` is NaN.",
        "Là où y = 0, le terme y log y compte pour 0 ; `0 * log(0)` vaut NaN.",
        mistake="0 log 0",
    )
    require(
        bool(found[1]) and near(found[0], found[1], tolerance(device, widest(device))),
        "A y that is 0 in places does not give what a y that is nearly 0 there gives.",
        "Un y qui vaut 0 par endroits ne donne pas ce que donne un y presque nul à ces endroits.",
    )


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
def sgd_steps(student, rng, device):
    """Let the student's SGD make two steps over w and b; give each one's sum of gradients and its move, over -lr."""

    def run():
        shapes, dtype = {"w": (3, 2), "b": (2,)}, widest(device)
        start, first, second = (
            {name: torch.randn(*shape, generator=rng, dtype=torch.float64).to(dtype) for name, shape in shapes.items()}
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
    allowed = tolerance(device, widest(device))
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
        rule != 0 and near(moves["b"], rule * gradients["b"], tolerance(device, widest(device))),
        "SGD.step does not move the second parameter of its list as it moves the first.",
        "SGD.step ne déplace pas le second paramètre de sa liste comme le premier.",
        mistake="first only",
    )
