"""Get, Set, Call, Steps, Define, Restore, Drop: what the trusted side can do, and what happens on errors."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from pupils import Pupil

from gradjudge.judge.proxy.student import by_formula
from gradjudge.session.answer.answers import Answers
from gradjudge.session.answer.handles import MOST_KEPT
from gradjudge.session.run.script import ScriptNamespace
from gradjudge.wire.messages import (
    Answer,
    Call,
    CellDone,
    Define,
    Drop,
    Get,
    Handle,
    Missing,
    Pass,
    Passes,
    PassesDone,
    PassResult,
    Raised,
    Ref,
    Reply,
    Restore,
    RunCell,
    Set,
    Step,
    Steps,
)

LINEAR = """
import torch
class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w + b
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, x.T @ g, g.sum(0)
linear = Linear.apply
"""


def value(reply: Reply) -> Any:
    """Return the value of an answer."""
    assert isinstance(reply, Answer), reply
    return reply.value


def one_pass(pupil: Pupil, name: str, asked: Pass) -> PassResult:
    """Run one pass by calling a global name."""
    done = pupil.ask(Passes(Ref(name), (asked,), "call"))
    assert isinstance(done, PassesDone), done
    return done.results[0]


@pytest.mark.parametrize(
    ("source", "name", "kind"),
    [
        (LINEAR, "Linear", "function"),
        (LINEAR, "linear", "callable"),
        ("class A: pass", "A", "class"),
        ("def f(): pass", "f", "callable"),
        ("import torch; net = torch.nn.Sequential(torch.nn.ReLU())", "net", "module"),
        ("class A:\n  def __len__(self): raise KeyError\na = A()", "a", "object"),
        ("s = {1, 2}", "s", "object"),
        ("g = (i for i in range(3))", "g", "object"),
    ],
)
def test_what_has_no_value_is_named_by_its_kind(pupil: Pupil, source: str, name: str, kind: str) -> None:
    """A handle has the kind of its object; the same object has the same handle."""
    pupil.define(source)
    handle = value(pupil.ask(Get(Ref(name))))
    assert isinstance(handle, Handle)
    assert handle.kind == kind
    assert value(pupil.ask(Get(Ref(name)))) == handle
    assert value(pupil.ask(Get(Ref(handle.id)))) == handle


def test_attributes_are_followed(pupil: Pupil) -> None:
    """A reference walks attributes, from a name or from a handle."""
    pupil.define("class A:\n  x = 5\n  class B:\n    y = [1, (2, None)]")
    assert value(pupil.ask(Get(Ref("A", ("x",))))) == 5
    inner = value(pupil.ask(Get(Ref("A", ("B",)))))
    assert value(pupil.ask(Get(Ref(inner.id, ("y",))))) == [1, (2, None)]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("Linear", ("linear", "MyLinear", "LinearFunction")),
        ("MSE", ("mse",)),
        ("linaer", ("linear",)),
        ("Zzz", ()),
        ("_hidden", ()),
        ("torchs", ()),
    ],
)
def test_a_missing_name_is_answered_with_the_nearest_ones(pupil: Pupil, asked: str, nearest: tuple[str, ...]) -> None:
    """Names that contain it come first, whatever their case; private names and modules are left out."""
    pupil.define("import torch\nlinear = MyLinear = LinearFunction = 1\nmse = 2\n_hidden2 = 3\n_hiden = 4")
    answer = pupil.ask(Get(Ref(asked)))
    assert isinstance(answer, Missing)
    assert answer.name == asked
    assert answer.nearest[: len(nearest)] == nearest
    assert bool(answer.nearest) == bool(nearest)


def test_a_missing_attribute_is_answered_with_the_nearest_ones(pupil: Pupil) -> None:
    """So is an attribute, even if the object's own __dir__ raises."""
    pupil.define(LINEAR + "class Odd:\n  def __dir__(self): raise ValueError\nodd = Odd()")
    assert pupil.ask(Get(Ref("Linear", ("foward",)))) == Missing("foward", ("forward",))
    assert pupil.ask(Call(Ref("odd", ("x", "y")))) == Missing("x")


def test_a_call_gives_fresh_objects_to_the_student(pupil: Pupil) -> None:
    """The trusted side and later calls do not see what the student's code does to its arguments."""
    pupil.define(
        "seen = []\ndef f(x, many, k=None):\n  seen.append(x); x.zero_(); many.append(1); k['a'] = 2\n  return x"
    )
    x, many, k = torch.ones(2), [0], {"a": 1}
    for _ in range(2):
        assert torch.equal(value(pupil.ask(Call(Ref("f"), (x, many), {"k": k}))), torch.zeros(2))
    assert torch.equal(x, torch.ones(2))
    assert (many, k) == ([0], {"a": 1})
    pupil.define("assert len(seen) == 2 and seen[0] is not seen[1]")


def test_handles_resolve_in_arguments(pupil: Pupil) -> None:
    """A handle given as an argument, also inside a list, is the object itself."""
    pupil.define("class A: pass\na = A()\ndef f(x, ys): return x is a and ys[0] is a")
    handle = value(pupil.ask(Get(Ref("a"))))
    assert value(pupil.ask(Call(Ref("f"), (handle, [handle])))) is True
    unknown = pupil.ask(Call(Ref("f"), (Handle(999, "object"), 1)))
    assert isinstance(unknown, Raised)
    assert unknown.type_name == "LookupError"


def test_keep_answers_with_a_handle(pupil: Pupil) -> None:
    """With keep even a number stays in the session, and can be fetched from there."""
    pupil.define("def f(): return 5")
    handle = value(pupil.ask(Call(Ref("f"), keep=True)))
    assert isinstance(handle, Handle)
    assert value(pupil.ask(Get(Ref(handle.id)))) == 5


def test_gradients_are_on_even_if_the_student_switched_them_off(pupil: Pupil) -> None:
    """Requests run with grad enabled, whatever mode a cell has left on."""
    pupil.define("import torch\ntorch.set_grad_enabled(False)\ndef f(): return torch.is_grad_enabled()")
    try:
        assert value(pupil.ask(Call(Ref("f")))) is True
    finally:
        torch.set_grad_enabled(True)


def test_an_inference_mode_that_a_cell_left_on_does_not_affect_requests(pupil: Pupil) -> None:
    """Requests run in torch's initial modes; for the next cell the student's modes are on again."""
    pupil.define("import torch\nmode = torch.inference_mode()\nmode.__enter__()")
    try:
        pupil.define(f"{LINEAR}\ndef on(x):\n    return torch.is_inference_mode_enabled(), torch.is_grad_enabled()")
        x = torch.ones(2, 2)  # made in that mode, as what comes over the wire is
        assert x.is_inference()
        assert value(pupil.ask(Call(Ref("on"), (x,)))) == (False, True)
        result = one_pass(pupil, "linear", Pass((x, x, torch.ones(2)), cotangents=((x,),)))
        assert result.grad_fns == ("LinearBackward",)
        assert result.raised is None
        pupil.define("assert torch.is_inference_mode_enabled()")
    finally:
        pupil.run("mode.__exit__(None, None, None)")
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    ("statement", "type_name", "builtin"),
    [
        ("raise ValueError('x')", "ValueError", True),
        ("raise SystemExit(0)", "SystemExit", True),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", True),
        ("raise GeneratorExit", "GeneratorExit", True),
        ("raise BaseException", "BaseException", True),
        ("class Secret42(ValueError): pass\n  raise Secret42", "ValueError", True),
        ("raise type('ValueError', (Exception,), {})", "Exception", False),
        ("import sys; sys.exit('bye')", "SystemExit", True),
        ("return f()", "RecursionError", True),
        ("assert False", "AssertionError", True),
    ],
)
def test_whatever_a_call_raises_is_an_answer(pupil: Pupil, statement: str, type_name: str, builtin: bool) -> None:
    """No exception of the student's ends the session, and only Python's own are named."""
    pupil.define(f"def f():\n  {statement}")
    raised = pupil.ask(Call(Ref("f")))
    assert isinstance(raised, Raised)
    assert (raised.type_name, raised.builtin) == (type_name, builtin)
    assert raised.place is not None
    assert raised.place[0] == 1
    assert len(raised.text.encode()) <= 4096


def test_a_property_that_raises_is_an_answer(pupil: Pupil) -> None:
    """Reading an attribute runs the student's code, which may raise anything."""
    pupil.define("class A:\n  @property\n  def x(self): raise SystemExit\na = A()")
    raised = pupil.ask(Get(Ref("a", ("x",))))
    assert isinstance(raised, Raised)
    assert raised.place == (1, 3)


def test_memory_that_runs_out_is_not_an_answer(pupil: Pupil) -> None:
    """A MemoryError during a request ends the session (`serve` exits with a special code)."""
    pupil.define("def f(): raise MemoryError")
    with pytest.raises(MemoryError):
        pupil.ask(Call(Ref("f")))
    done = pupil.run("raise MemoryError")
    assert done.error is not None
    assert done.error.type_name == "MemoryError"


def test_names_and_attributes_are_set(pupil: Pupil) -> None:
    """Set binds a global name or an attribute; a tensor set on a Module's parameter becomes one."""
    pupil.define("import torch\nclass A: pass\na = A()\nnet = torch.nn.Linear(2, 1)")
    pupil.define("def f(): return net(torch.ones(2)), n")
    assert value(pupil.ask(Set(Ref("n"), (1, [2])))) is None
    pupil.ask(Set(Ref("a", ("x",)), 5))
    for name, item in (("weight", torch.ones(1, 2)), ("bias", torch.zeros(1))):
        assert isinstance(pupil.ask(Set(Ref("net", (name,)), item)), Answer)
    assert value(pupil.ask(Get(Ref("a", ("x",))))) == 5
    output, n = value(pupil.ask(Call(Ref("f"))))
    assert output.item() == 2.0
    assert n == (1, [2])
    pupil.define("assert len(list(net.parameters())) == 2")
    handle = value(pupil.ask(Get(Ref("a"))))
    assert isinstance(pupil.ask(Set(Ref(handle.id), 1)), Raised)
    assert isinstance(pupil.ask(Set(Ref("nobody", ("x",)), 1)), Missing)


def test_drop_forgets_handles(pupil: Pupil) -> None:
    """After Drop earlier numbers are invalid, and are not reused."""
    pupil.define("class A: pass")
    handle = value(pupil.ask(Get(Ref("A"))))
    pupil.ask(Drop())
    assert isinstance(pupil.ask(Get(Ref(handle.id))), Raised)
    assert value(pupil.ask(Get(Ref("A")))).id > handle.id


def test_handles_are_bounded(pupil: Pupil) -> None:
    """Too many handles are an error, and Drop frees them."""
    pupil.define(f"class A: pass\nmany = [A() for _ in range({MOST_KEPT + 1})]\nfew = many[:10]")
    raised = pupil.ask(Get(Ref("many")))
    assert isinstance(raised, Raised)
    assert raised.type_name == "ValueError"
    pupil.ask(Drop())
    assert len(value(pupil.ask(Get(Ref("few"))))) == 10


@pytest.mark.parametrize(
    "source",
    [
        "x = [0] * 200_000",
        "x = 'a' * 2_000_000",
        "x = []\nx.append(x)",
        "import torch\nx = torch.zeros(1).expand(1 << 40)",
        "import torch\nx = torch.sparse_coo_tensor(size=(1 << 20, 1 << 20), check_invariants=True)",
    ],
)
def test_a_value_that_is_too_large_is_an_error(pupil: Pupil, source: str) -> None:
    """What exceeds the limits is reported as such, and not read to its end."""
    pupil.define(source)
    raised = pupil.ask(Get(Ref("x")))
    assert isinstance(raised, Raised)
    assert (raised.type_name, raised.builtin) == ("ValueError", True)
    assert "too large" in raised.text


@pytest.mark.parametrize("source", [LINEAR, "linear = None", ""])
def test_a_stand_in_takes_the_place_of_both_names_and_goes(pupil: Pupil, source: str) -> None:
    """Code that uses the names gets the stand-in; Restore gives back what was there, or nothing."""
    pupil.define(source + "\ndef model(x, w, b): return linear(x, w, b).relu()")
    before = pupil.ask(Get(Ref("Linear"))), pupil.ask(Get(Ref("linear")))
    pupil.ask(by_formula("Linear", "linear", ("x", "w", "b"), "2 * (x @ w + b)"))
    x, w, b = torch.rand(4, 3), torch.rand(3, 2), torch.rand(2)
    result = one_pass(pupil, "model", Pass((x, w, b), cotangents=((torch.ones(4, 2),),)))
    assert torch.allclose(result.outputs[0], 2 * (x @ w + b))
    assert [g.shape for g in result.grads[0]] == [x.shape, w.shape, b.shape]
    assert torch.allclose(result.grads[0][2], torch.full((2,), 8.0))
    pupil.ask(by_formula("Linear", "", ("x",), "x"))
    pupil.ask(Restore())
    assert (pupil.ask(Get(Ref("Linear"))), pupil.ask(Get(Ref("linear")))) == before


def test_a_stand_in_passes_gradcheck(pupil: Pupil) -> None:
    """Its gradients are right, for every subset of inputs."""
    pupil.ask(by_formula("MSE", "mse", ("yhat", "y"), "((yhat - y) ** 2).sum(1).mean()"))
    mse = pupil.namespace.names["mse"]
    for flags in ((True, True), (True, False), (False, True)):
        inputs = [torch.randn(3, 2, dtype=torch.float64, requires_grad=flag) for flag in flags]
        assert torch.autograd.gradcheck(mse, inputs)


def test_a_stand_in_works_by_hand_with_a_students_context(pupil: Pupil) -> None:
    """Called by hand with a context that has two members, under no_grad, it gives gradients of the inputs' shapes."""
    pupil.define(
        "class Context:\n  def save_for_backward(self, *ts): self._ts = ts\n"
        "  @property\n  def saved_tensors(self): return self._ts\n"
        "import torch\ndef step(x, w, b, g):\n  ctx = Context()\n  with torch.no_grad():\n"
        "    out = Linear.forward(ctx, x, w, b)\n    return (out, *Linear.backward(ctx, g))"
    )
    pupil.ask(by_formula("Linear", "linear", ("x", "w", "b"), "x @ w + b"))
    x, w, b, g = torch.randn(4, 3), torch.randn(3, 2), torch.randn(1, 2), torch.randn(4, 2)
    out, dx, dw, db = value(pupil.ask(Call(Ref("step"), (x, w, b, g))))
    assert torch.allclose(out, x @ w + b)
    assert torch.allclose(dx, g @ w.T)
    assert torch.allclose(dw, x.T @ g)
    assert torch.allclose(db, g.sum(0, keepdim=True))
    assert not out.requires_grad


def test_a_stand_in_reaches_companion_modules(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of a companion module, which sees its own module's names, gets the stand-in too."""
    (tmp_path / "tp1_companion.py").write_text("Linear = linear = object()\ndef model(x): return linear(x)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    pupil = Pupil()
    pupil.define("from tp1_companion import *")
    pupil.ask(by_formula("Linear", "linear", ("x",), "3 * x"))
    assert torch.equal(value(pupil.ask(Call(Ref("model"), (torch.ones(2),)))), torch.full((2,), 3.0))
    pupil.ask(Restore())
    assert isinstance(pupil.ask(Call(Ref("model"), (torch.ones(2),))), Raised)


def test_a_stand_in_survives_a_working_folder_that_is_gone(
    pupil: Pupil, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that has removed its working folder gets its stand-in all the same."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    pupil.define("import os\nos.rmdir(os.getcwd())\ndef model(x): return linear(x)")
    pupil.ask(by_formula("Linear", "linear", ("x",), "3 * x"))
    assert torch.equal(value(pupil.ask(Call(Ref("model"), (torch.ones(2),)))), torch.full((2,), 3.0))


def test_requests_are_answered_from_any_thread(pupil: Pupil) -> None:
    """Nothing in the answers depends on the thread that asks (signals do, and belong to `serve`)."""
    got: list[Reply] = []
    pupil.define("x = 5")
    thread = threading.Thread(target=lambda: got.extend([pupil.run("y = x"), pupil.ask(Get(Ref("y")))]))
    thread.start()
    thread.join()
    assert got[1] == Answer(5)


def test_tensors_go_to_the_device_that_is_graded_on() -> None:
    """Values are put on the device, in calls and steps."""
    namespace = ScriptNamespace()
    namespace.names["kind"] = lambda x: (x.device.type, str(x.dtype))
    for device in ("cpu", "meta"):
        answers = Answers(namespace, device=device)
        one = torch.ones(2, dtype=torch.float64)
        assert value(answers.answer(Call(Ref("kind"), (one,)))) == (device, "torch.float64")
        assert value(answers.answer(Steps((Step(Ref("kind"), (one,)),), (1,)))) == ((device, "torch.float64"),)


MADE = """
import torch

def places(x):
    made = {"zeros": torch.zeros(2), "tensor": torch.tensor([1.0]), "leaf": torch.zeros(2, requires_grad=True)}
    made |= {"order": torch.randperm(3, generator=torch.Generator()), "count": torch.arange(3), "copy": x.clone()}
    made |= {"drawn": torch.randn(2, generator=torch.Generator()), "asked": torch.ones(2, device="cpu")}
    made["layer"] = torch.nn.Linear(2, 2).weight
    assert made["leaf"].is_leaf and made["leaf"].requires_grad and made["layer"].requires_grad
    list(torch.utils.data.DataLoader([1, 2, 3], shuffle=True, generator=torch.Generator()))
    return {name: tensor.device.type for name, tensor in made.items()}
"""


def test_tensors_made_during_a_check_are_on_the_inputs_device(pupil: Pupil) -> None:
    """Floating-point tensors are moved, indices stay on the CPU; cells are not affected."""
    pupil.define(MADE + "\nin_a_cell = torch.zeros(2)")
    asked = Call(Ref("places"), (torch.ones(2),))
    assert set(value(pupil.ask(asked)).values()) == {"cpu"}
    on_device = Answers(pupil.namespace, device="meta")
    stays = dict.fromkeys(("order", "count", "asked"), "cpu")
    assert value(on_device.answer(asked)) == dict.fromkeys(value(pupil.ask(asked)), "meta") | stays
    assert isinstance(on_device.answer(RunCell(9, "later = torch.zeros(2)", "python")), CellDone)
    assert pupil.namespace.names["later"].device.type == "cpu"


def test_steps_use_earlier_results_and_enable_grad(pupil: Pupil) -> None:
    """Results of any kind stay in the session between steps, and grad is on even if a cell has switched it off."""
    pupil.define("import torch\ntorch.set_grad_enabled(False)")
    w = torch.ones(2)
    steps = (
        Step(Ref("torch:clone"), (w,)),
        Step(Ref(-1, ("requires_grad_",))),
        Step(Ref("operator:mul"), (Handle(-2, "object"), 3.0)),
        Step(Ref(-3, ("sum",))),
        Step(Ref(-4, ("backward",))),
        Step(Ref("builtins:getattr"), (Handle(-2, "object"), "grad")),
    )
    (grad,) = value(pupil.ask(Steps(steps, (6,))))
    assert torch.equal(grad, torch.full((2,), 3.0))
    pupil.define("assert not torch.is_grad_enabled()\ntorch.set_grad_enabled(True)")


def test_names_of_python_and_packages_are_found_by_module_and_name(pupil: Pupil) -> None:
    """``module:name`` is never a name of the student's; an unknown one is missing."""
    pupil.define("globals()['builtins:len'] = len = None")
    assert value(pupil.ask(Call(Ref("builtins:len"), ([1, 2],)))) == 2
    assert value(pupil.ask(Call(Ref("torch.nn:Conv2d", ("__name__", "lower"))))) == "conv2d"
    assert pupil.ask(Get(Ref("torch.nn:Linaer"))) == Missing("torch.nn:Linaer")
    assert pupil.ask(Steps((Step(Ref("no_such_module:name")),), ())) == Missing("no_such_module:name")


TEXT = """
seen = []
def remember(item, twice=lambda item: 2 * item):
    seen.append(item)
    return twice(item), len(seen), "mine" in globals()
class Mine: pass
"""


def test_defined_source_is_separate_from_the_students_names(pupil: Pupil) -> None:
    """It neither sees nor changes the student's names, and starts afresh when defined again."""
    pupil.define("mine = 1\nremember = 'my own'")
    before = dict(pupil.namespace.names)
    for _ in range(2):
        remember, kind = value(pupil.ask(Define(("remember", "Mine"), TEXT)))
        assert (remember.kind, kind.kind) == ("callable", "class")
        assert value(pupil.ask(Call(Ref(remember.id), (3,)))) == (6, 1, False)
    assert pupil.namespace.names == before
    pupil.ask(Drop())
    assert isinstance(pupil.ask(Call(Ref(remember.id), (3,))), Raised)


@pytest.mark.parametrize("text", ["class Mine", "1 / 0", "Other = 1"])
def test_defined_source_that_fails_is_an_answer(pupil: Pupil, text: str) -> None:
    """Source that does not parse, raises, or does not define the names changes nothing."""
    pupil.define("Mine = 1")
    for instead in (False, True):
        assert isinstance(pupil.ask(Define(("Mine",), text, instead)), Raised)
    assert value(pupil.ask(Get(Ref("Mine")))) == 1


def test_defined_source_can_replace_the_students_until_restore(pupil: Pupil) -> None:
    """A class or function stands in for the student's until Restore."""
    pupil.define("def remember(item): return 'my own'\ndef use(): return remember(5)")
    pupil.ask(Define(("remember", "Mine"), TEXT, instead=True))
    assert value(pupil.ask(Call(Ref("use")))) == (10, 1, False)
    assert isinstance(pupil.ask(Get(Ref("Mine"))), Answer)
    pupil.ask(Restore())
    assert value(pupil.ask(Call(Ref("use")))) == "my own"
    assert isinstance(pupil.ask(Get(Ref("Mine"))), Missing)


def test_defined_source_finds_the_scratch_folder(pupil: Pupil, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ``__file__`` is in the scratch folder, even if the student's code has changed the working folder."""
    here = str(Path.cwd())
    monkeypatch.chdir("/")
    (place,) = value(pupil.ask(Define(("place",), "import os\ndef place(): return os.path.dirname(__file__)")))
    assert value(pupil.ask(Call(Ref(place.id)))) == here


def test_a_stand_in_of_one_input_returns_one_gradient(pupil: Pupil) -> None:
    """Code that chains by hand writes ``dx = Tanh.backward(ctx, g)``; through apply it works as well."""
    pupil.define("class Tanh: pass")
    pupil.ask(by_formula("Tanh", "", ("x",), "torch.tanh(x)"))
    pupil.define(
        "import torch\nclass Context:\n  def save_for_backward(self, *t): self.saved_tensors = t\n"
        "ctx, x = Context(), torch.ones(2, requires_grad=True)\nTanh.forward(ctx, x)\n"
        "dx = Tanh.backward(ctx, torch.ones(2))\nTanh.apply(x).sum().backward()\nassert torch.equal(dx, x.grad)"
    )
