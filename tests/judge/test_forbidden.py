"""Forbidden calls are found through the usual disguises, and there are no false positives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gradjudge.course.rubric import Forbidden
from gradjudge.judge.source import program
from gradjudge.judge.source.forbidden import TOO_MUCH, ForbiddenCall, forbidden_calls, leads_to, unreadable

BY_HAND = Forbidden(("MSE.backward", "grad_mse"), ("torch.autograd.grad", "torch.func", ".backward"))
DESCENT = Forbidden(("train_batch",), ("torch.optim", "torch.nn.Linear", "torch.nn.functional.mse_loss"))


def names(sources: str | Sequence[str], rule: Forbidden = BY_HAND) -> list[str]:
    """Return the forbidden names that are found."""
    cells = [sources] if isinstance(sources, str) else sources
    return [found.call for found in forbidden_calls(cells, [rule])]


def inside(line: str, before: str = "import torch") -> str:
    """Put a line into ``grad_mse``."""
    return f"{before}\ndef grad_mse(yhat, y):\n    {line}\n"


@pytest.mark.parametrize(
    "source",
    [
        inside("return torch.autograd.grad(f(yhat), yhat)"),
        inside("return ag.grad(f(yhat), yhat)", "import torch.autograd as ag"),
        inside("return g(f(yhat), yhat)", "from torch.autograd import grad as g"),
        inside("return autograd.grad(f(yhat), yhat)", "from torch import autograd"),
        inside("return getattr(torch, 'auto' + 'grad').grad(f(yhat), yhat)"),
        inside("return getattr(getattr(torch, 'autograd'), 'grad')(f(yhat), yhat)"),
        inside("return getattr(torch.autograd, name)(f(yhat), yhat)"),
        inside("return vars(torch)['autograd'].grad(f(yhat), yhat)"),
        inside("return torch.__dict__['autograd'].grad(f(yhat), yhat)"),
        inside("return __import__('torch').autograd.grad(f(yhat), yhat)"),
        inside("return importlib.import_module('torch.autograd').grad(yhat)", "import importlib"),
        inside("return sys.modules['torch'].autograd.grad(yhat)", "import sys"),
        inside("return eval('torch.autograd.grad')(f(yhat), yhat)"),
        inside("t = torch; a = t.autograd; return a.grad(f(yhat), yhat)"),
        inside("from torch.autograd import grad; return grad(f(yhat), yhat)"),
        inside("return tool(f(yhat), yhat)", "import torch\ntool = torch.autograd.grad"),
        inside("return grad(f(yhat), yhat)", "from torch.autograd import *"),
        inside("return list(map(torch.autograd.grad, [yhat]))"),
        inside("return torch.func.grad(f)(yhat)"),
        inside("return jacrev(f)(yhat)", "from torch.func import jacrev"),
        "import torch\ngrad_mse = lambda yhat, y: torch.autograd.grad(f(yhat), yhat)",
        "import torch\ntry:\n    def grad_mse(yhat, y):\n        return torch.autograd.grad(yhat)\nexcept E: pass",
        "import torch\ndef tool(g): return torch.func.grad(g)\nclass MSE:\n    backward = staticmethod(tool)",
        "import torch\nMSE.backward = staticmethod(lambda ctx, g: torch.autograd.grad(g))",
    ],
)
def test_a_disguised_autograd_is_seen(source: str) -> None:
    """Renaming, getattr, importlib, eval of a constant and star imports do not hide a call."""
    assert names(source)


@pytest.mark.parametrize(
    "call",
    [
        *("loss.backward()", "f(yhat).sum().backward(ones)", "loss.backward(ctx)", "torch.Tensor.backward(loss)"),
        *("go = loss.backward; go()", "getattr(loss, 'back' + 'ward')()", "list(map(torch.Tensor.backward, [loss]))"),
        *("import operator; operator.methodcaller('backward')(loss)",),
    ],
)
def test_a_tensor_backward_is_seen(call: str) -> None:
    """``Tensor.backward`` inside a by-hand gradient counts, whatever its arguments and however it is fetched."""
    assert names(inside(f"loss = f(yhat); {call}; return yhat.grad")) == [".backward"]


@pytest.mark.parametrize(
    "line",
    [
        "ctx = Context(); MSE.forward(ctx, yhat, y); return MSE.backward(ctx, 1.)",
        "c = Context(); MSE.forward(c, yhat, y); return MSE().backward(c, 1.)",
        "F = MSE; return F.backward(Context(), torch.tensor(1.))",
        "step = MSE.backward; return step(Context(), torch.tensor(1.))",
        "return getattr(MSE, 'backward')(Context(), torch.tensor(1.))",
        "return torch.autograd.gradcheck(MSE.apply, (yhat, y))",
        "grad = 2 * (yhat - y); return grad",
        "with torch.no_grad(): return 2 * (yhat - y) / len(y)",
        "return getattr(torch, name)(yhat)",
    ],
)
def test_honest_gradients_pass(line: str) -> None:
    """Calling one's own backward by hand, gradcheck and variables named grad are no forbidden calls."""
    own = "import torch\nclass MSE(torch.autograd.Function):\n    def backward(ctx, g): return g * 2, g"
    assert names(inside(line, own)) == []


def test_a_function_handed_in_may_be_called_by_hand() -> None:
    """``function.backward(ctx, g)`` with a context first is a Function called by hand, not a tensor's method."""
    assert names(inside("return function.backward(ctx, g)")) == []


def test_a_rule_follows_the_calls_inside_the_submission() -> None:
    """A helper in another cell that does the forbidden thing is found, with its cell and line."""
    cells = [
        "import torch as t",
        "def tool(v):\n    return 1 + t.autograd.grad(v)",
        "class MSE(t.autograd.Function):\n    @staticmethod\n    def backward(ctx, g):\n        return tool(g)",
    ]
    assert forbidden_calls(cells, [BY_HAND]) == (ForbiddenCall("MSE.backward", "torch.autograd.grad", (1, 2)),)


def test_a_method_reached_through_apply_or_self_is_followed() -> None:
    """``mse = MSE.apply`` leads to MSE's methods, and ``cls.tool()`` to the class's own."""
    cells = [
        "import torch",
        "class MSE(torch.autograd.Function):\n"
        "    def backward(cls, g):\n        return cls.tool(g)\n"
        "    def tool(g):\n        return torch.func.grad(g)",
        "mse = MSE.apply\ndef grad_mse(yhat, y):\n    return mse(yhat, y)",
    ]
    assert [found.function for found in forbidden_calls(cells, [BY_HAND])] == ["MSE.backward", "grad_mse"]


def test_an_inherited_backward_is_looked_at() -> None:
    """A backward that stands in a base class is the class's own."""
    base = "import torch\nclass Base:\n    def backward(ctx, g):\n        return torch.autograd.grad(g)\n"
    assert names(base + "class MSE(Base):\n    pass\n") == ["torch.autograd.grad"]


def test_other_cells_may_compare_with_autograd() -> None:
    """A debugging cell, another function and a cell that does not parse do not count."""
    cells = [
        "import torch",
        inside("return 2 * (yhat - y) / len(y)"),
        "print(torch.autograd.grad(loss, yhat), grad_mse(yhat, y))",
        "def compare():\n    return torch.autograd.grad(loss, yhat)",
        "def grad_mse(:\n    return torch.autograd.grad",
    ]
    assert names(cells) == []


def test_the_last_definition_is_the_one_that_counts() -> None:
    """A first try with autograd, done again by hand in a later cell, is done by hand."""
    first, second = inside("return torch.autograd.grad(yhat)"), inside("return yhat - y")
    assert names([first, second]) == []
    assert names([second, first]) == ["torch.autograd.grad"]


@pytest.mark.parametrize(
    "last",
    [
        "if True:\n    from tools import slope as grad_mse\nelse:\n    HONEST",
        "if False:\n    HONEST",
        "import torch\nif True:\n    grad_mse = torch.autograd.grad\nelse:\n    HONEST",
        "try:\n    1 / 0\n    HONEST\nexcept ZeroDivisionError:\n    pass",
        "with suppress(Exception):\n    1 / 0\n    HONEST",
        "for _ in ():\n    HONEST",
        "match 1:\n    case 2:\n        HONEST",
    ],
)
def test_what_may_not_be_executed_replaces_nothing(last: str) -> None:
    """A definition in a branch is added to the one before it, without replacing it."""
    cells = [inside("return torch.autograd.grad(yhat)"), last.replace("HONEST", "def grad_mse(yhat, y): return yhat")]
    assert set(names(cells)) == {"torch.autograd.grad"}
    assert names([*cells, inside("return yhat - y")]) == []


def test_both_sides_of_an_import_are_followed() -> None:
    """An import and a definition in two branches are both looked at."""
    cell = "import torch\nif True:\n    from torch.autograd import grad as {}\nelse:\n    def {}(yhat, y): return y"
    assert names(cell.replace("{}", "grad_mse"))
    helped = cell.replace("{}", "tool") + "\ndef grad_mse(yhat, y): return tool(yhat, y)"
    assert names(helped)
    assert names(helped + "\ndef tool(yhat, y): return y") == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1 / 0\ndef grad_mse(yhat, y): return yhat", True),
        ("import nothing\ndef grad_mse(yhat, y): return yhat", True),
        ("def grad_mse(yhat, y=1 / 0): return yhat", True),
        ("def grad_mse(yhat: nothing, y): return yhat", True),
        ("@nothing\ndef grad_mse(yhat, y): return yhat", True),
        ("class MSE:\n    1 / 0\ndef grad_mse(yhat, y): return yhat", True),
        ("def grad_mse(yhat, y): return yhat\nprint(grad_mse(1))", False),
        ("class A:\n    @staticmethod\n    def f(x=1): pass\ndef grad_mse(yhat, y): return yhat\n1 / 0", False),
    ],
)
def test_a_cell_that_raised_may_have_defined_nothing(cell: str, found: bool) -> None:
    """What a cell defines after something that can fail does not replace an earlier definition."""
    cells = [inside("return torch.autograd.grad(yhat)"), cell]
    assert bool(forbidden_calls(cells, [BY_HAND], broken=[1])) is found
    assert forbidden_calls(cells, [BY_HAND]) == ()


def test_local_names_hide_global_ones() -> None:
    """A parameter with the name of a forbidden function is not that function."""
    source = "from torch.autograd import grad\ndef grad_mse(grad, y):\n    return 2 * grad\n"
    assert names(source) == []


def test_a_rule_covers_what_is_under_a_name() -> None:
    """``torch.optim`` forbids every optimiser, and ``torch.nn.Linear`` nothing but itself."""
    source = (
        "import torch.nn as nn, torch.nn.functional as F\nfrom torch.optim import SGD\n"
        "def train_batch(x, y):\n    o = SGD([x], lr=1)\n    return F.mse_loss(nn.Linear(1, 1)(x), nn.LinearAlgebra)\n"
    )
    assert sorted(names(source, DESCENT)) == ["torch.nn.Linear", "torch.nn.functional.mse_loss", "torch.optim"]


def test_magics_do_not_stop_the_reader() -> None:
    """Lines of IPython are left out before a cell is parsed, and line numbers stay."""
    source = "%matplotlib inline\n!pip install torch\nimport torch\ndef grad_mse(a, y):\n    return torch.func.grad(a)"
    assert forbidden_calls([source], [BY_HAND])[0].place == (0, 5)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000 + ")" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "grad_mse = " + ".a".join(["x"] * 3_000),
        "grad_mse = " + "+".join(["'a'"] * 5_000),
        "def grad_mse(a, y):\n    return " + "getattr(a, 'b')" + ".c" * 3_000,
        "\0",
        "import torch\n" + "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(3_000)),
        "class MSE(MSE): pass",
        "class A(B): pass\nclass B(A): pass\nclass MSE(A): pass",
        "grad_mse = grad_mse",
        "def grad_mse(a, y): return grad_mse(a, y)",
        ".a".join(["x"] * 3_000) + " = 1",
    ],
    ids=lambda source: source[:12].encode("unicode_escape").decode(),
)
def test_no_source_upsets_the_reader(source: str) -> None:
    """Deep, long and circular sources give no findings, rather than an exception or a hang."""
    assert names(source) == []


COMPANION = "import torch\nclass MSE(torch.autograd.Function):\n    def backward(ctx, g): return torch.func.grad(g)\n"


@pytest.mark.parametrize(
    "source",
    [
        "from tp1 import MSE\ndef grad_mse(a, y):\n    return MSE.backward(a, y)",
        "from tp1 import MSE as M\ndef grad_mse(a, y):\n    return M.backward(a, y)",
        "import tp1\ndef grad_mse(a, y):\n    return tp1.MSE.backward(a, y)",
        "import tp1 as t\ndef grad_mse(a, y):\n    return t.MSE.backward(a, y)",
        "from tp1 import *\ndef grad_mse(a, y):\n    return MSE.backward(a, y)",
    ],
)
def test_calls_are_followed_into_companions(source: str) -> None:
    """A companion's class is the submission's own, and what it does counts."""
    rule = Forbidden(("grad_mse",), ("torch.func", ".backward"))
    (found,) = forbidden_calls([source], [rule], companions={"tp1": COMPANION})
    assert (found.call, found.place, found.module) == ("torch.func", None, "tp1")


def test_a_function_that_answers_for_itself_is_not_followed() -> None:
    """What grad_mse does wrong is not charged to the function that calls it."""
    source = inside("return torch.autograd.grad(yhat)") + "def grad_cost(a, y):\n    return grad_mse(a, y)\n"
    rule = Forbidden(("grad_cost",), ("torch.autograd.grad",))
    assert len(forbidden_calls([source], [rule])) == 1
    assert forbidden_calls([source], [rule], apart=["grad_mse"]) == ()


def test_a_function_leads_to_what_it_calls() -> None:
    """Directly, through a helper, through an alias of apply; not by a name that is only alike."""
    cells = [
        "class MSE(Function):\n    def forward(ctx, a, y): return a",
        "mse = MSE.apply\ndef step(x): return mse(x)\ndef train_batch(x): return step(x)",
        "def train_sgd(MSE): return MSE",
    ]
    assert leads_to(cells, "train_batch", ["MSE"])
    assert leads_to(cells, "train_batch", ["mse"])
    assert not leads_to(cells, "train_batch", ["MS"])
    assert not leads_to(cells, "train_sgd", ["MSE"])
    assert not leads_to(cells, "absent", ["MSE"])


@pytest.mark.parametrize(
    "line", ["torch.autograd?", "?torch", "np.*load*?", "files = !ls", "t = %timeit -o f()", "%time f()"]
)
def test_what_only_ipython_understands_hides_nothing(line: str) -> None:
    """A cell that runs in a notebook is read, though Python alone would not parse it."""
    assert names(f"{line}\n{inside('return torch.autograd.grad(f(yhat), yhat)')}\n{line}") == ["torch.autograd.grad"]


def test_padding_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much source to read is itself a finding, as anything may come after it."""
    monkeypatch.setattr(program, "MOST_NODES", 1000)
    padding = "x = [" + "1, " * 2000 + "]"
    assert TOO_MUCH in names([padding, inside("return torch.autograd.grad(f(yhat), yhat)")])
    assert names([inside("return 2 * yhat"), padding]) == []


BANNED = "return torch.autograd.grad(f(yhat), yhat)"


@pytest.mark.parametrize(
    "source",
    [
        f"files = !ls\nimport torch\ndef grad_mse(yhat, y):\n    {BANNED}",
        f"%%time\nimport torch\ndef grad_mse(yhat, y):\n    !ls\n    {BANNED}",
        "import torch\ndef grad_mse(yhat, y):\n    %time x = torch.autograd.grad(f(yhat), yhat)\n    return x",
        f"import torch\nexec('def grad_mse(yhat, y):\\n    {BANNED}')",
        f"import torch\nif x:\n    globals()['grad_mse'] = lambda yhat, y: {BANNED[7:]}",
        f"import torch\ndef other(ctx, g): {BANNED}\nclass MSE: pass\nsetattr(MSE, 'backward', other)",
        f"import torch\ndef m():\n    class MSE:\n        def backward(ctx, g): {BANNED}\n    return MSE\nMSE = m()",
        f"import torch\ndef make():\n    global grad_mse\n    def grad_mse(yhat, y): {BANNED}\nmake()",
        f"import torch\nclass Mine:\n    def backward(ctx, g): {BANNED}\nMSE = Mine",
        f"import torch\nmatch 1:\n    case 1:\n        def grad_mse(yhat, y): {BANNED}",
    ],
)
def test_a_definition_that_is_made_in_another_way_is_read(source: str) -> None:
    """IPython's lines, exec of a constant, globals(), setattr, a def in a def, an alias: all define."""
    assert names(source) == ["torch.autograd.grad"]


@pytest.mark.parametrize(
    "source",
    [
        "import base64\nexec(base64.b64decode(text))",
        "f = make_it\nglobals()['grad' + tail] = f",
        "/define grad_mse",
        "from math import *",
        "from written_on_the_way import grad_mse",
    ],
)
def test_a_function_without_readable_definition_is_reported(source: str) -> None:
    """A function that cannot be read is not taken for one without forbidden calls."""
    there = {"grad_mse": object(), "grad_mse.__module__": "__main__"}
    assert unreadable([source], [BY_HAND], fetch=there.get) == ("grad_mse",)
    assert unreadable([source], [BY_HAND], fetch=lambda _name: None) == ()


@pytest.mark.parametrize(
    ("source", "companions"),
    [
        ("def grad_mse(yhat, y): return yhat", {}),
        ("grad_mse = lambda yhat, y: yhat", {}),
        ("import mine\ngrad_mse = mine.grad_mse", {"mine": "def grad_mse(yhat, y): return yhat"}),
        ("from mine import *", {"mine": "def grad_mse(yhat, y): return yhat"}),
        ("from mine import g as grad_mse", {"mine": "def g(yhat, y): return yhat"}),
        ("from mine import grad_mse", {"mine": "class G:\n    def f(yhat, y): return yhat\ngrad_mse = G.f"}),
        ("from two import grad_mse", {"two": "from one import grad_mse", "one": "def grad_mse(yhat, y): return yhat"}),
        ("try:\n    from x import y\nexcept ImportError:\n    def grad_mse(yhat, y): return yhat", {}),
        ("def make():\n    def grad_mse(yhat, y): return yhat\n    return grad_mse", {}),
        ("grad_mse, other = make()", {}),
        ("from sklearn.linear_model import LinearRegression as grad_mse", {}),
        ("with x:\n    @fast\n    def grad_mse(yhat, y): return yhat", {}),
    ],
)
def test_an_honest_definition_is_readable(source: str, companions: dict[str, str]) -> None:
    """Companions, aliases, stars, branches and decorators are all read."""
    assert unreadable([source], [BY_HAND], fetch={"grad_mse": 1}.get, companions=companions) == ()


def test_a_packages_own_name_is_not_the_students() -> None:
    """``from torch.nn import *`` brings an MSELoss that no text has to define."""
    there = {"MSELoss.forward": 1, "MSELoss.__module__": "torch.nn.modules.loss"}
    rule = Forbidden(("MSELoss.forward",), ("torch.func",))
    assert unreadable(["from torch.nn import *"], [rule], fetch=there.get) == ()
    assert unreadable(["x = 1"], [rule], fetch=there.get) == ("MSELoss.forward",)


def test_a_companions_function_under_another_name_is_read() -> None:
    """``from mine import g as grad_mse`` leads the reader to g."""
    mine = f"import torch\ndef g(yhat, y): {BANNED}"
    found = forbidden_calls(["from mine import g as grad_mse"], [BY_HAND], companions={"mine": mine})
    assert [one.module for one in found] == ["mine"]


EVIL = f"import torch\ndef descend(yhat, y): {BANNED}\ndef g(yhat, y): return descend(yhat, y)\ngrad_mse = g\n"
EVIL += "class G:\n    g = g\nalso = G.g"
DECOY = "def descend(yhat, y): return y\ndef g(yhat, y): return y\ndef grad_mse(yhat, y): return yhat - y\n"


@pytest.mark.parametrize(
    "then",
    [
        "from mine import grad_mse",
        "from mine import g as grad_mse",
        "from mine import *",
        "import mine\ngrad_mse = mine.g",
        "import mine\ng = mine.G.g\ngrad_mse = g",
        "from mine import also as grad_mse",
        "import mine as m\ngrad_mse = m.grad_mse",
        "import mine\nglobals()['grad_mse'] = mine.g",
        "if True:\n    from mine import grad_mse\nelse:\n    def grad_mse(yhat, y): return yhat - y",
        "if True:\n    from mine import *\nelse:\n    def grad_mse(yhat, y): return yhat - y",
    ],
)
def test_a_companion_may_define_what_a_cell_defined(then: str) -> None:
    """What is imported last counts, and a companion's function uses its own module's names."""
    for sources in ([DECOY + then], [DECOY, then], [then + "\ndef descend(yhat, y): return y"]):
        found = forbidden_calls(sources, [BY_HAND], companions={"mine": EVIL})
        assert [one.module for one in found] == ["mine"], sources
    assert forbidden_calls([then + "\n" + DECOY], [BY_HAND], companions={"mine": EVIL}) == ()


def test_a_method_may_be_put_into_a_companions_class() -> None:
    """``MSE.backward = f`` after an import counts, for the name that was imported."""
    sources = ["import torch\nfrom mine import MSE", f"def f(ctx, g): {BANNED}", "MSE.backward = staticmethod(f)"]
    mine = "class MSE:\n    def backward(ctx, g): return g"
    assert names_with(sources, mine) == ["torch.autograd.grad"]
    assert names_with(sources[:2], mine) == []


def names_with(sources: Sequence[str], mine: str) -> list[str]:
    """Return the forbidden names that are found with a companion beside them."""
    return [found.call for found in forbidden_calls(sources, [BY_HAND], companions={"mine": mine})]


def test_a_companion_that_is_never_named_does_not_count() -> None:
    """Companions that the notebook names count, as do those that they name in turn."""
    rule = Forbidden(("MSE.backward", "MyMSE.backward"), ("torch.autograd.grad",))
    cells = "class MSE:\n    def backward(ctx, g): return g\n"
    beside = {"first_try": f"import torch\nclass MyMSE:\n    def backward(ctx, g): {BANNED}", "two": "import first_try"}
    assert forbidden_calls([cells], [rule], companions=beside) == ()
    for named in ("%run first_try.py", "__import__(f'{x}')  # first_try", "import two"):
        (found,) = forbidden_calls([cells, named], [rule], companions=beside)
        assert found.module == "first_try"


def test_a_file_with_the_name_of_a_package_hides_nothing() -> None:
    """The package is imported, not the file beside the notebook."""
    source = "import functorch\ndef grad_mse(yhat, y): return functorch.grad(yhat)"
    rule = Forbidden(("grad_mse",), ("functorch",))
    for beside in ("", "import math as grad", "def grad(x): return x"):
        assert forbidden_calls([source], [rule], companions={"functorch": beside})
