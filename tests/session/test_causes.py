"""Messages of today's Python and torch are recognised as one of a closed list of causes."""

from __future__ import annotations

import pytest
import torch

from gradjudge.judge.proxy.causes import cause_words
from gradjudge.judge.proxy.failures import StudentRaised
from gradjudge.session.answer import causes
from gradjudge.session.answer.failures import raised
from gradjudge.wire.messages import Raised

FUNCTION = """
import torch
class F(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        {forward}
    @staticmethod
    def backward(ctx, g):
        {backward}
a, b = (torch.ones(3, 2, requires_grad=True) for _ in range(2))
torch.autograd.grad(F.apply(a, b).sum(), (a, b), allow_unused=True)
"""
OPERATORS = "class Value: pass\nv = Value()\n"


def function(forward: str = "return a * b", backward: str = "return g, g") -> str:
    """Return the source of a Function and a call of it."""
    return FUNCTION.format(forward=forward, backward=backward)


CASES = {
    "list": (function(backward="return [g, g]"), "gradient count", ""),
    "one gradient": (function(backward="return g"), "gradient count", ""),
    "number": (function(backward="return 1.0, 2.0"), "gradient kind", ""),
    "shape": (function(backward="return g[:1, :1].expand(4, 4), g"), "gradient shape", ""),
    "saved": (function("ctx.save_for_backward(a, 3); return a * b"), "saved", ""),
    "dirty leaf": (function("ctx.mark_dirty(a); a.clamp_(min=0); return a"), "leaf", ""),
    "dirty": (function("ctx.mark_dirty(a); a.clamp_(min=0); return a * 1"), "dirty", ""),
    "leaf": ("import torch\ntorch.ones(2, requires_grad=True).mul_(2)", "leaf", ""),
    "no ctx": ("def f(x): pass\nf(1, 2)", "arguments", ""),
    "too few": ("def f(x, y): pass\nf(1)", "arguments", ""),
    "keyword": ("def f(x): pass\nf(1, w=2)", "keyword", "w"),
    "ctx attribute": (function(backward="return ctx.kept, g"), "attribute", "kept"),
    "None": ("x = None\nx.data", "none", "data"),
    "plain number": ("x = 2.0\nx.data", "number", "data"),
    "None operand": ("x = None\nx + 1", "none", ""),
    "product": ("import torch\ntorch.ones(3, 2) @ torch.ones(3, 2)", "product", ""),
    "broadcast": ("import torch\ntorch.ones(3, 5) * torch.ones(5, 4)", "broadcast", ""),
    "dtype": ("import torch\ntorch.ones(2, 2) @ torch.ones(2, 2).double()", "dtype", ""),
    "view": ("import torch\ntorch.ones(3, 2).T.view(-1)", "view", ""),
    "reshape": ("import torch\ntorch.ones(3, 2).reshape(4, 4)", "reshape", ""),
    "numpy": ("import torch\ntorch.ones(2, requires_grad=True).numpy()", "numpy", ""),
    "no tensor": ("import torch\ntorch.relu(3.0)", "no tensor", ""),
    "condition": ("import torch\nif torch.ones(2) > 0: pass", "bool", ""),
    "no graph": ("import torch\ntorch.ones(()).backward()", "no graph", ""),
    "twice": (
        "import torch\ny = torch.ones((), requires_grad=True) ** 2\ny.backward()\ny.backward()",
        "twice",
        "",
    ),
    "not a scalar": ("import torch\n(torch.ones(2, requires_grad=True) * 2).backward()", "scalar", ""),
    "no static methods": (
        "import torch, warnings\nclass F(torch.autograd.Function):\n  def forward(self, a): return a\n"
        "with warnings.catch_warnings():\n  warnings.simplefilter('ignore')\n  F()(torch.ones(2))",
        "static",
        "",
    ),
    "no backward": (
        "import torch\nclass F(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a): return a * 1\n"
        "F.apply(torch.ones((), requires_grad=True)).backward()",
        "no backward",
        "",
    ),
    "module": ("import kaggle_secrets", "module", "kaggle_secrets"),
    "imported name": ("from json import nothing_there", "import", "nothing_there"),
    "removed name": ("from sklearn.datasets import load_boston", "import", "load_boston"),
    "undefined": ("y = undefined_thing", "undefined", "undefined_thing"),
    "unassigned": ("def f():\n  x += 1\nf()", "unassigned", "x"),
    "no function": ("x = 3\nx()", "callable", ""),
    "unpacked": ("a, b = (1,)", "unpack", ""),
    "unhashable": ("class V:\n  def __eq__(s, o): return True\n{V()}", "unhashable", ""),
    "unhashable list": ("{[]}", "", ""),
    "left": (OPERATORS + "v - 2", "operand", "__sub__"),
    "right": (OPERATORS + "2 - v", "operand", "__rsub__"),
    "both": (OPERATORS + "v * v", "operand", "__mul__"),
    "divided": (OPERATORS + "1 / v", "operand", "__rtruediv__"),
    "power": (OPERATORS + "v ** 2", "operand", "__pow__"),
    "in place": (OPERATORS + "v += 2", "operand", "__add__"),
    "sum": (OPERATORS + "sum([v, v])", "operand", "__radd__"),
    "minus": (OPERATORS + "-v", "operand", "__neg__"),
    "plain": ("'a' - 1", "operand", ""),
    "of one's own": ("raise RuntimeError('returned an incorrect number of apples')", "", ""),
    "another kind": ("raise ValueError('Boolean value of Tensor with more than one value is ambiguous')", "", ""),
}


def caught(source: str) -> BaseException:
    """Run source and return what it raises."""
    try:
        exec(compile(source, "<cell 0>", "exec"), {})  # noqa: S102  # the source is the test's own
    except BaseException as error:  # noqa: BLE001  # any kind is wanted
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("name", CASES)
def test_causes_are_found(name: str) -> None:
    """Each cause is recognised, and has a sentence in both languages."""
    source, cause, missing = CASES[name]
    record = raised(caught(source))
    assert (record.cause, record.name) == (cause, missing), record.text
    words = cause_words(cause, missing)
    assert bool(words) is bool(cause)
    if words is not None:
        assert words.said("en") != words.said("fr")
        assert missing in words.said("en") and missing in words.said("fr")  # noqa: PT018  # in both or in neither


def test_both_sides_have_the_same_list() -> None:
    """Each cause that a session may report has a sentence, and an invented one has none."""
    named = {cause for cause, _, _ in causes._SAYS}
    assert all(cause_words(cause) for cause in named)
    assert cause_words("x is 3") is None


def test_a_name_in_a_cause_is_a_name() -> None:
    """A name that is no identifier is not told."""
    words = cause_words("attribute", "0.25 and 3")
    assert words is not None
    assert "0.25" not in words.said("en") + words.said("fr")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import json; json.loads('{')", "json.JSONDecodeError"),
        ("import pickle; pickle.loads(b'x')", "pickle.UnpicklingError"),
        ("import torch; raise torch.cuda.OutOfMemoryError('x')", "torch.cuda.OutOfMemoryError"),
        ("import torch; torch.linalg.inv(torch.zeros(2, 2))", "torch.linalg.LinAlgError"),
        ("raise IOError('x')", "OSError"),
        ("open('/nowhere/at/all')", "FileNotFoundError"),
        ("class Own(ValueError): pass\nraise Own", "ValueError"),
        ("class Own(Exception): pass\nraise Own", "Exception"),
        ("class JSONDecodeError(Exception): __module__ = 'json'\nraise JSONDecodeError", "Exception"),
    ],
)
def test_classes_are_called_as_one_catches_them(source: str, name: str) -> None:
    """Classes of the standard library and torch are named, by identity; the student's by their nearest known base."""
    record = raised(caught(source))
    assert record.type_name == name
    assert str(StudentRaised(record, where="f")).startswith(f"Your code raised {name} in `f`")


def test_a_made_up_library_class_is_not_told() -> None:
    """The trusted side checks the name against its own list."""
    assert "Exception in" in str(StudentRaised(Raised("json.x_is_3", False, ""), where="f"))


def test_an_exception_that_misbehaves_has_no_cause() -> None:
    """The text and name of a hostile exception are read without its class's overrides."""
    source = (
        "class E(AttributeError):\n  name = property(lambda s: 1/0)\n  args = property(lambda s: 1/0)\n"
        "  def __str__(s): raise SystemExit\nraise E('x has no attribute y')"
    )
    assert raised(caught(source)).cause in ("", "attribute")
    assert torch.is_grad_enabled()
