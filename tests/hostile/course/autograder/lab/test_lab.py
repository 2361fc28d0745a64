"""Hidden tests of the attacked course: values, a Function, a stand-in, training by hand."""

import pytest
import torch
from gradjudge.checks import FunctionCheck, require
from gradjudge.checks.training.outcomes import loss_on, require_falling_history, require_loss
from gradjudge.checks.training.descent import Descent, require_trajectory, trained

CANARY = "canary-of-the-hidden-tests"
#: An input that no submission could guess, and that must not come out where students read.
INPUT = 8675.309

LR = 0.1
EPOCHS = 12
BATCH = 5
#: A right run ends at 0.0102 (three seeds: 0.0096 to 0.0107); the noise alone is 0.0100.
BOUND = 0.02


@pytest.mark.item("double")
def test_double_of_one(student):
    """A number is doubled.

    fr: Un nombre est doublé.
    """
    require(student.double(INPUT) == 2 * INPUT, "double is wrong for a number", "double est faux pour un nombre")


@pytest.mark.item("double")
def test_double_of_many(student, rng, device):
    """Tensors are doubled.

    fr: Les tenseurs sont doublés.
    """
    x = torch.randn(5, generator=rng, dtype=torch.float64).to(device)
    got = student.double(x)
    right = type(got) is torch.Tensor and got.shape == x.shape and torch.equal(got.to(device), 2 * x)
    require(right, "double is wrong for a tensor", "double est faux pour un tenseur")


@pytest.fixture
def square(student, rng, device):
    shapes, also = {"x": (4, 3)}, [{"x": (2, 5)}]
    return FunctionCheck(student.Square, lambda x: x * x, shapes, also_shapes=also, rng=rng, device=device)


@pytest.mark.item("square")
def test_square_value(square):
    """Square is the square.

    fr: Square est le carré.
    """
    square.forward()


@pytest.mark.item("square")
def test_square_gradient(square):
    """The gradient of Square is right.

    fr: Le gradient de Square est juste.
    """
    square.gradient("x")


@pytest.mark.item("follow")
def test_follow(student, passed):
    """What uses Square works.

    fr: Ce qui utilise Square fonctionne.
    """
    x = torch.tensor([3.0])
    if passed("square"):
        got = student.follow(x)
    else:
        with student.stand_in("Square", params=("x",), formula="x * x"):
            got = student.follow(x)
    require(
        type(got) is torch.Tensor and torch.equal(got, torch.tensor([10.0])),
        "follow(3) is not 10",
        "follow(3) n'est pas 10",
    )


def rows(rng, count, w):
    """Draw rows of a noisy linear relation: x (count, 3), y (count, 1)."""
    x = torch.randn(count, 3, generator=rng, dtype=torch.float64)
    return x, x @ w + 0.7 + 0.1 * torch.randn(count, 1, generator=rng, dtype=torch.float64)


def start():
    """Start at zero."""
    return {"w": torch.zeros(3, 1, dtype=torch.float64), "b": torch.zeros(1, dtype=torch.float64)}


@pytest.fixture
def data(rng):
    """Draw weights, rows to train on and rows that never leave this process."""
    w = 2 * torch.randn(3, 1, generator=rng, dtype=torch.float64)
    return rows(rng, 40, w), rows(rng, 200, w)


@pytest.mark.item("train")
def test_train_steps(student, data):
    """Training makes the exact steps of mini-batch descent.

    fr: L'entraînement fait les pas exacts de la descente par mini-lots.
    """
    (x, y), _ = data
    got = trained(student.train(x, y, BATCH, 2, LR), where="train")
    batches = [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x), BATCH)] * 2
    require_trajectory(got.parameters, Descent(start(), batches, LR))


@pytest.mark.item("train")
def test_train_history(student, data):
    """The history of costs is that of the training.

    fr: L'historique des coûts est celui de l'entraînement.
    """
    train, _ = data
    got = trained(student.train(*train, BATCH, EPOCHS, LR), where="train")
    require(len(got.rest) == 1, "train must return (w, b, history)", "train doit renvoyer (w, b, history)")
    require_falling_history(got.rest[0], EPOCHS, loss_on(got.parameters, start(), train))


@pytest.mark.item("train")
def test_train_outcome(student, data):
    """The trained parameters fit rows that training has not seen.

    fr: Les paramètres entraînés conviennent à des lignes jamais vues.
    """
    train, held_out = data
    got = trained(student.train(*train, BATCH, EPOCHS, LR), where="train")
    require_loss(loss_on(got.parameters, start(), held_out), BOUND)
