"""Names from the session are told to the student only if they have written them."""

from __future__ import annotations

import pytest

from gradjudge.course.hand_in.submission import Cell
from gradjudge.judge.plugin import _names_in
from gradjudge.judge.source.own_text import OwnText
from gradjudge.wire.messages import Call, Drop, Get, Handle, Raised, Ref, Request, Step, Steps

CELLS = (
    Cell(0, "import json\nfrom sklearn.datasets import (\n    load_iris,\n    load_boston,\n)", "ipython"),
    Cell(
        1, "from torch.autograd import Function\nclass MSE(Function):\n    x = 1\n    y = other(x)", "ipython", number=3
    ),
    Cell(2, "def f(:\nclass Broken:\n  pass\nz = 3\nprint z == 3", "ipython"),
)


def told(place: tuple[int, int] | None, name: str, *asked: str, cause: str = "undefined") -> str:
    """Return the name that the student is told of an exception."""
    text = OwnText(CELLS, {"helper": "import kaggle_secrets\nvalue = 1"})
    return text.told(Raised("NameError", True, "", place, cause=cause, name=name), asked).name


@pytest.mark.parametrize(
    ("place", "name", "known"),
    [
        ((1, 4), "other", True),
        ((1, 4), "x", True),
        ((1, 4), "MSE", False),  # written, but in another statement
        ((1, 2), "MSE", True),
        ((1, 2), "y", False),  # in the body of the class
        ((0, 2), "load_boston", True),  # an import of several lines
        ((0, 2), "json", False),
        ((0, 1), "sklearn.datasets", False),
        ((0, 2), "sklearn.datasets", True),
        ((2, 5), "z", True),  # a cell that does not parse: the line alone
        ((2, 5), "Broken", False),
        ((1, 99), "other", False),
        ((9, 1), "other", False),
        (None, "other", False),
        (None, "__rsub__", True),
        ((1, 4), "__rsub__", True),
        (None, "__x_is_3__", False),
    ],
)
def test_a_name_stands_in_the_statement_that_raised(place: tuple[int, int] | None, name: str, known: bool) -> None:
    """Only a few names can be told, so that they can carry few bits of a hidden input."""
    assert told(place, name) == (name if known else "")


def test_a_name_that_was_asked_for_may_be_told() -> None:
    """The request already contains it."""
    assert told(None, "exp", "exp", "data") == "exp"
    assert told(None, "tanh", "exp", "data") == ""


def test_a_module_that_a_companion_imports_may_be_told() -> None:
    """The line is that of the notebook's import, the name is in the companion."""
    assert told((0, 1), "kaggle_secrets", cause="module") == "kaggle_secrets"
    assert told((0, 1), "kaggle_secrets") == ""
    assert told((0, 1), "value", cause="module") == ""


def test_names_that_are_imported_are_not_the_students() -> None:
    """`Function` is torch's, so it is not a near miss for `MSEFunction`."""
    defined = OwnText(CELLS, {"helper": "import kaggle_secrets\nvalue = 1\nself.slope = 2"}).defined
    assert {"MSE", "x", "y", "Broken", "z", "value", "slope"} <= defined
    assert not {"Function", "json", "load_iris", "kaggle_secrets"} & defined


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (Call(Ref("train"), (1,), {"w": 2}), {"w"}),
        (Get(Ref(3, ("forward",))), {"forward"}),
        (Steps((Step(Ref("builtins:getattr"), (Handle(-1, "object"), "exp")),), (1,)), {"exp"}),
        (Steps((Step(Ref("builtins:setattr"), (Handle(1, "object"), "grad", "text")),), (1,)), set()),
        (Drop(), set()),
    ],
)
def test_names_in_a_request(request_: Request, names: set[str]) -> None:
    """Attributes and keyword arguments that a hidden test names are not secret; values are."""
    assert _names_in(request_) == names
