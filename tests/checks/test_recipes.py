"""Many steps in one trip: carried out in order, by Python's rules, and errors are reported."""

from __future__ import annotations

import pytest
import torch
from pupils import Pupil

from gradjudge.checks.instruments import make, optimizer
from gradjudge.checks.modules.networks import (
    load_parameters,
    parameters_of,
    pulled_back,
    require_parameters,
    require_same_for_views,
)
from gradjudge.checks.recipes import MOST_STEPS, Recipe
from gradjudge.checks.tolerance import tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text
from gradjudge.judge.proxy.objects import CallableProxy, ObjectProxy
from gradjudge.judge.proxy.student import Student
from gradjudge.wire.messages import Answer, Reply, Request
from gradjudge.wire.values import decode_reply, decode_request, encode

SOURCE = """
import torch
from torch import nn

class Number:
    def __init__(self, data):
        self.data, self.grad = data, 0.0
    def __add__(self, other):
        return Number(self.data + (other.data if isinstance(other, Number) else other))
    def __rsub__(self, other):
        return Number(other - self.data)
    def __mul__(self, other):
        return Number(self.data * other.data)
    def mark(self, grad=1.0):
        self.grad = grad

five = 5

class Affine(nn.Module):
    def __init__(self, n, p):
        super().__init__()
        self.theta = nn.Parameter(torch.ones(n, p, dtype=torch.float64))
        self.unused = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return x @ self.theta
    def twice(self, x):
        return 2 * self.forward(x)
    def rows(self, x):
        return self.forward(x if x.is_contiguous() else x.T.reshape(x.shape))
    def viewed(self, x):
        return self.forward(x.view(-1).view(x.shape))
"""


class Counting:
    """A pupil in this process whose requests are counted; everything passes through the codec, as between processes."""

    def __init__(self) -> None:
        self.pupil = Pupil()
        self.pupil.define(SOURCE)
        self.trips = 0
        self.student = Student(self.ask)

    def ask(self, request: Request) -> Reply:
        """Ask, as over the wire."""
        self.trips += 1
        head, *blobs = encode(request)
        head, *blobs = encode(self.pupil.ask(decode_request(bytes(head), blobs)))
        return decode_reply(bytes(head), blobs)


@pytest.fixture
def counting() -> Counting:
    """Make a student with the source above."""
    return Counting()


def test_a_recipe_takes_one_trip(counting: Counting) -> None:
    """Construction, operators on either side, methods and attributes are one message."""
    student = counting.student
    number = student.Number
    before = counting.trips
    recipe = Recipe(student, label="(a + b) * b")
    cls = recipe.of(number)
    a, b = cls(2.0), cls(-3.0)
    early = a.grad
    product = (a + b) * b
    a.mark(grad=7.0)
    assert recipe.run(product.data, (2.0 - a).data, early, a.grad) == (3.0, 0.0, 0.0, 7.0)
    assert counting.trips == before + 1


def test_objects_come_back_as_proxies_and_go_into_later_recipes(counting: Counting) -> None:
    """A long program is several recipes that pass objects on."""
    recipe = Recipe(counting.student, label="Number")
    (first,) = recipe.run(recipe.of(counting.student.Number)(4.0))
    assert isinstance(first, ObjectProxy)
    later = Recipe(counting.student, label="Number")
    carried = later.of(first)
    assert later.run((carried * carried).data, later.make("builtins:len", [1, carried])) == (16.0, 2)


def test_the_largest_recipe_fits_into_a_message(counting: Counting) -> None:
    """So many steps cross, and a chain of that length is computed."""
    recipe = Recipe(counting.student, label="chain")
    one = node = recipe.of(counting.student.Number)(1.0)
    for _ in range(MOST_STEPS - 2):
        node = node + one
    assert recipe.run(node.data) == (MOST_STEPS - 1.0,)


def test_an_error_in_a_step_is_reported_under_the_label(counting: Counting) -> None:
    """The student reads which expression it was."""
    recipe = Recipe(counting.student, label="x / 2")
    number = recipe.of(counting.student.Number)(1.0)
    result = number / 2
    with pytest.raises(StudentRaised, match="TypeError in `x / 2`"):
        recipe.run(result)


def test_a_value_where_an_object_belongs_fails_the_check(counting: Counting) -> None:
    """A student may bind the name to a number."""
    with pytest.raises(CheckFailed, match="a value of type int"):
        Recipe(counting.student, label="five").of(counting.student.five)


def test_a_misused_recipe_is_the_graders_fault(counting: Counting) -> None:
    """Steps after the run, or of another recipe, are bugs of the test and no verdict."""
    recipe = Recipe(counting.student, label="Number")
    number = recipe.of(counting.student.Number)(1.0)
    with pytest.raises(RuntimeError, match="another recipe"):
        Recipe(counting.student, label="other").make("builtins:str", number)
    recipe.run(number.data)
    with pytest.raises(RuntimeError, match="start another one"):
        number + 1
    with pytest.raises(RuntimeError, match="start another one"):
        recipe.run(number)


def test_a_reply_of_another_length_fails_the_check() -> None:
    """The session is not trusted to answer what was asked."""
    recipe = Recipe(Student(lambda _request: Answer((1, 2))), label="x")
    with pytest.raises(CheckFailed, match="no usable answer"):
        recipe.run(recipe.make("builtins:dict"))


def test_a_step_that_is_not_done_yet_cannot_be_used(counting: Counting) -> None:
    """A number beyond the finished steps refers to nothing."""
    recipe = Recipe(counting.student, label="x")
    step = recipe.make("builtins:dict")
    step._number = -9
    with pytest.raises(StudentRaised):
        recipe.run(recipe.make("builtins:len", step))


def test_parameters_are_read_loaded_and_differentiated(counting: Counting) -> None:
    """A module's gradients come by name, from a fresh pass, through the requested method."""
    student = counting.student
    module = student.Affine(2, 3)
    assert isinstance(module, CallableProxy)
    assert set(parameters_of(student, module)) == {"theta", "unused"}
    theta = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    load_parameters(student, module, {"theta": theta})
    assert torch.equal(parameters_of(student, module)["theta"], theta)
    x, g = torch.randn(4, 2, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64)
    for _ in range(2):  # the second pass does not add to the first
        pulled = pulled_back(student, module, x, g, method="twice")
    assert torch.allclose(pulled.output, 2 * x @ theta)
    assert torch.allclose(pulled.dx, 2 * g @ theta.T)
    assert torch.allclose(pulled.grads["theta"], 2 * x.T @ g)
    assert pulled.grads["unused"] is None
    double = tolerance("cpu", torch.float64)
    where = Text.own("Here", "Ici")
    require_parameters(pulled.grads, {"theta": 2 * x.T @ g}, allowed=double, where=where)
    with pytest.raises(CheckFailed, match=r"Here, theta: the value is wrong"):
        require_parameters(pulled.grads, {"theta": x.T @ g}, allowed=double, where=where)
    with pytest.raises(CheckFailed, match=r"Here, bias: the value is None"):
        require_parameters(pulled.grads, {"bias": g}, allowed=double, where=where)


def test_a_module_that_misreads_views_is_told_from_one_that_refuses_them(counting: Counting) -> None:
    """Other numbers for a transposed view fail; an exception, or the same numbers, pass."""
    student = counting.student
    module = student.Affine(2, 3)
    x = torch.randn(4, 2, dtype=torch.float64)
    for method in ("", "twice", "viewed"):
        require_same_for_views(student, module, x, method=method)
    with pytest.raises(CheckFailed, match=r"rows` gives other numbers"):
        require_same_for_views(student, module, x, method="rows")


def test_an_optimiser_moves_the_modules_own_parameters(counting: Counting) -> None:
    """Objects made in the session work together there."""
    student = counting.student
    module = make(student, "torch.nn:Linear", 2, 1)
    before = parameters_of(student, module)
    step = optimizer(student, module, "SGD", lr=0.5)
    recipe = Recipe(student, label="step")
    recipe.of(module)(torch.ones(1, 2)).sum().backward()
    recipe.of(step).step()
    recipe.run()
    after = parameters_of(student, module)
    assert torch.allclose(after["weight"], before["weight"] - 0.5)
    assert torch.allclose(after["bias"], before["bias"] - 0.5)


def test_what_is_no_module_fails_the_check(counting: Counting) -> None:
    """The message says what to derive it from."""
    with pytest.raises(CheckFailed, match=r"nn\.Module"):
        parameters_of(counting.student, counting.student.five)


def test_a_stand_in_given_as_text_replaces_a_class_for_a_while(counting: Counting) -> None:
    """It sees none of the student's names, works with a formula's stand-in around it, and is undone."""
    student = counting.student
    text = "import math\nclass Number:\n    def __init__(self, data):\n        self.data = math.sqrt(data)\n"
    with student.stand_in("Square", params=("x",), formula="x ** 2"), student.stand_in_source("Number", text):
        assert student.Number(9.0).data == 3.0
        with student.stand_in_source("five", "five = 6"):
            assert student.five == 6
        assert student.Number(9.0).data == 3.0
    assert student.Number(9.0).data == 9.0
    assert student.five == 5
    with pytest.raises(StudentRaised), student.stand_in_source("Number", "other = 1"):
        pass
