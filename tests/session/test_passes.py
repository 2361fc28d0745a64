"""Passes: forwards and backwards in one round trip, through the engine and by hand, with all their results."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
import torch
from pupils import Pupil

from gradjudge.judge.proxy.student import by_formula
from gradjudge.session.answer.passes import DirectContext
from gradjudge.wire.messages import Missing, Pass, Passes, PassesDone, PassResult, Ref

FUNCTIONS = """
import torch
class Scale(torch.autograd.Function):
    calls = []
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        ctx.note = "kept"
        modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        Scale.calls.append(("f", tuple(ctx.needs_input_grad), x.is_contiguous(), *modes))
        return x * w
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        assert ctx.note == "kept"
        modes = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        Scale.calls.append(("b", g.is_contiguous(), g.stride(), *modes))
        dx = g * w if ctx.needs_input_grad[0] else None
        return dx, (g * x).sum(0)

class SetUp(torch.autograd.Function):
    @staticmethod
    def forward(x, w): return x * w
    @staticmethod
    def setup_context(ctx, inputs, output): ctx.save_for_backward(*inputs)
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, (g * x).sum(0)

class NotStatic(torch.autograd.Function):
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, (g * x).sum(0)

class Saved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.to_save = (x, w)
        return x * w
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, (g * x).sum(0)

class OnClass(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        OnClass.x, OnClass.w = x, w
        return x * w
    @staticmethod
    def backward(ctx, g): return g * OnClass.w, (g * OnClass.x).sum(0)

class InPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        out = x * w
        x.add_(1)
        ctx.save_for_backward(w)
        return out
    @staticmethod
    def backward(ctx, g):
        g.mul_(2)
        return g, None

class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_non_differentiable()
        ctx.set_materialize_grads(True)
        return x * 2, x * 3
    @staticmethod
    def backward(ctx, g, h): return g * 2 + h * 3

class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        if x.sum() < 0: raise ValueError("negative")
        return x * 2
    @staticmethod
    def backward(ctx, g):
        if g.sum() < 0: raise SystemExit("negative")
        return g * 2

class Buffer(torch.autograd.Function):
    grad = torch.zeros(3)
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g):
        Buffer.grad.copy_(g * 2)
        return Buffer.grad

class Bare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g): return

class Autograd(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    def backward(ctx, g):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().clone().requires_grad_()
            return torch.autograd.grad(x ** 2, x, g)[0]

def plain(x): return x * 2
"""
X, W = torch.arange(6.0).reshape(3, 2), torch.tensor([2.0, -1.0])
G, H = torch.ones(3, 2), torch.arange(6.0).reshape(3, 2) - 2


@pytest.fixture
def functions(pupil: Pupil) -> Pupil:
    """Return a namespace with some Functions."""
    pupil.define(FUNCTIONS)
    return pupil


def run(pupil: Pupil, name: str, *passes: Pass, **how: Any) -> tuple[PassResult, ...]:
    """Run passes and return their results."""
    done = pupil.ask(Passes(Ref(name), passes, **how))
    assert isinstance(done, PassesDone), done
    return done.results


def close(got: Any, expected: Any) -> bool:
    """Compare gradients, None included."""
    if got is None or expected is None:
        return got is expected
    return bool(torch.allclose(got, expected))


@pytest.mark.parametrize("through", ["apply", "direct"])
@pytest.mark.parametrize("name", ["Scale", "SetUp", "NotStatic", "Saved"])
def test_right_functions_give_right_passes(functions: Pupil, name: str, through: str) -> None:
    """Every usual way to write a Function works, through the engine and by hand."""
    if (name, through) == ("Saved", "apply"):
        functions.define("assert Saved")
    (result,) = run(functions, name, Pass((X, W), (True, True), ((G,), (H,))), through=through)
    assert result.raised is None
    assert result.output_is_tensor
    assert close(result.outputs[0], X * W)
    for g, (dx, dw) in zip((G, H), result.grads, strict=True):
        assert close(dx, g * W)
        assert close(dw, (g * X).sum(0))
    assert close(result.inputs_after[0], X)
    assert close(result.cotangents_after[1][0], H)
    assert result.grad_fns == ((f"{name}Backward",) if through == "apply" else ("",))


@pytest.mark.parametrize("needs", [(True, False), (False, True), (False, False), (True, True), ()])
def test_needs_are_what_the_function_sees(functions: Pupil, needs: tuple[bool, ...]) -> None:
    """Inputs that need no gradient get none, either way; empty needs mean all of them."""
    full = needs or (True, True)
    for through in ("apply", "direct"):
        functions.define("Scale.calls.clear()")
        (result,) = run(functions, "Scale", Pass((X, W), needs, ((G,),)), through=through)
        assert result.raised is None
        functions.define(f"assert Scale.calls[0][1] == {full}, Scale.calls")
        dx, dw = result.grads[0]
        assert close(dx, G * W if full[0] else None)
        if through == "direct" or full[1]:
            assert close(dw, (G * X).sum(0))
        else:
            assert dw is None


@pytest.mark.parametrize("through", ["apply", "direct"])
def test_layouts_change_the_memory_and_not_the_values(functions: Pupil, through: str) -> None:
    """Transposed and strided inputs and transposed or expanded cotangents have the same numbers."""
    odd = Pass((X, W), (True, True), ((H,),), ("transposed", "strided"), "transposed")
    strided = Pass((X, W), (True, True), ((G,),), ("strided", "contiguous"), "expanded")
    results = run(functions, "Scale", odd, strided, through=through)
    for result, g in zip(results, (H, G), strict=True):
        assert result.raised is None
        assert close(result.outputs[0], X * W)
        assert close(result.grads[0][0], g * W)
        assert close(result.inputs_after[0], X)
    functions.define(
        "f, b, f2, b2 = Scale.calls\nassert not f[2] and not b[1] and not f2[2] and b2[2] == (0, 0), Scale.calls"
    )


def test_small_shapes_have_only_one_layout(functions: Pupil) -> None:
    """Numbers, vectors and empty tensors pass through every layout."""
    for shape in ((), (3,), (0, 2), (1, 1)):
        x = torch.ones(shape)
        for layout in ("contiguous", "transposed", "strided"):
            for cotangent_layout in ("contiguous", "transposed", "expanded"):
                asked = Pass((x,), (True,), ((torch.ones(shape),),), (layout,), cotangent_layout)
                (result,) = run(functions, "Fails", asked)
                assert result.raised is None
                assert close(result.grads[0][0], torch.full(shape, 2.0))


def test_a_direct_call_runs_as_the_engine_would(functions: Pupil) -> None:
    """Forward and backward by hand see grad mode off; inference mode is on for both when asked for."""
    run(functions, "Scale", Pass((X, W), (True, True), ((G,),)), through="direct")
    run(functions, "Scale", Pass((X, W), (True, True), ((G,),)), through="direct", inference=True)
    functions.define("f, b, f2, b2 = Scale.calls\nassert not f[3] and not b[3] and not f2[3] and b2[3], Scale.calls")
    functions.define("assert not b[4] and not b2[4] and not f[4] and f2[4], Scale.calls")


def test_a_stand_in_passes_every_way(functions: Pupil) -> None:
    """The public stand-in is right by hand and through the engine, also where autograd is switched off."""
    functions.ask(by_formula("Scale", "scale", ("x", "w"), "x * w"))
    for through in ("apply", "direct"):
        for inference in (False, True):
            asked = Pass((X, W), (True, True), ((H,), (G,)), ("transposed", "contiguous"), "transposed")
            (result,) = run(functions, "Scale", asked, through=through, inference=inference)
            assert result.raised is None
            assert close(result.grads[0][0], H * W)
            assert close(result.grads[1][1], X.sum(0))


def test_autograd_inside_backward_shows_under_inference_mode(functions: Pupil) -> None:
    """A backward that uses autograd returns right numbers, but raises under inference mode."""
    x = torch.tensor([1.0, 2.0])
    asked = Pass((x,), (True,), ((torch.ones(2),),))
    (fine,) = run(functions, "Autograd", asked, through="direct")
    (caught,) = run(functions, "Autograd", asked, through="direct", inference=True)
    assert close(fine.grads[0][0], 2 * x)
    assert caught.raised is not None
    assert caught.raised.during == "backward"


ASKING = """
import torch
import torch.autograd.forward_ad as fw
def cost(x): return (x ** 2).sum()
def by_func(ctx, g):
    return torch.func.grad(cost)(ctx.x) * g
def by_jvp(ctx, g):
    return torch.stack([torch.func.jvp(cost, (ctx.x,), (one,))[1] for one in torch.eye(2)]) * g
def out_of_the_mode(ctx, g):
    with torch.inference_mode(False), torch.enable_grad():
        x = ctx.x.clone().requires_grad_()
        cost(x).backward()
        return x.grad * g
def in_a_thread(ctx, g):
    import threading
    kept = []
    def run():
        x = ctx.x.clone().requires_grad_()
        kept.append(torch.autograd.grad(cost(x), x)[0])
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return kept[0] * g
def by_partial(ctx, g):
    from functools import partial
    engine = torch.autograd.variable.Variable._execution_engine
    with torch.inference_mode(False), torch.enable_grad():
        x = ctx.x.clone().requires_grad_()
        ask = partial(engine.run_backward, allow_unreachable=True, accumulate_grad=False)
        return ask((cost(x),), (torch.tensor(1.0),), False, False, (x,))[0] * g
def by_node(ctx, g):
    with torch.inference_mode(False), torch.enable_grad():
        x = ctx.x.clone().requires_grad_()
        return (x ** 2).grad_fn(torch.ones(2)).detach() * g
def by_node_in_a_thread(ctx, g):
    import threading
    kept = []
    thread = threading.Thread(target=lambda: kept.append(by_node(ctx, g)))
    thread.start()
    thread.join()
    return kept[0]
def by_kernel(ctx, g):
    return getattr(torch.ops.aten, "mse_loss_" + "backward")(g, ctx.x, torch.zeros(2), 2)
def by_kernel_called_from_c(ctx, g):
    kernel = torch.ops.aten.mse_loss_backward.default._op
    return next(map(kernel, [g], [ctx.x], [torch.zeros(2)], [2]))
def by_kernel_in_a_thread(ctx, g):
    import threading
    kept = []
    thread = threading.Thread(target=lambda: kept.append(by_kernel(ctx, g)))
    thread.start()
    thread.join()
    return kept[0]
def by_kernel_of_jit(ctx, g):
    found = torch._C._jit_get_operation("aten::mse_loss_backward")
    return found[0](g, ctx.x, torch.zeros(2), 2)
def by_decomposition(ctx, g):
    table = torch._decomp.decomposition_table
    return table[torch.ops.aten.mse_loss_backward.default](g, ctx.x, torch.zeros(2), 2)
def by_helper(ctx, g):
    one = torch.ones(1, 1, 1) * g
    return 2 * torch.nn.grad.conv1d_input((1, 1, 2), ctx.x.reshape(1, 1, 2), one).reshape(2)
def by_dual(ctx, g):
    with torch.inference_mode(False), fw.dual_level():
        dual = fw.make_dual(ctx.x.clone(), torch.ones(2))
        return fw.unpack_dual(dual ** 2).tangent * g
def by_a_stand_in_of_its_own(ctx, g):
    from types import SimpleNamespace
    from gradjudge.judge.proxy.formula_session import make_function
    from gradjudge.session.answer.stand_in import _note_work
    made = make_function("Cost", ("x",), "(x ** 2).sum()")
    _note_work(made)
    return made.backward(SimpleNamespace(saved_tensors=(ctx.x,)), g)
def from_forward(ctx, g):
    return torch.autograd.grad(ctx.out, ctx.again)[0] * g
class Asks(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        with torch.enable_grad():
            ctx.again = x.detach().requires_grad_()
            ctx.out = cost(ctx.again)
        return cost(x)
class InForward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.grad = torch.func.grad(cost)(x.detach())
        return cost(x)
    @staticmethod
    def backward(ctx, g): return g * ctx.grad
"""


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("how", [*re.findall(r"def ((?:by|out|in|from)_\w+)", ASKING), "in forward"])
def test_every_way_to_autograd_is_seen(pupil: Pupil, how: str) -> None:
    """What works under inference mode, leaves it, or was prepared in forward, is seen as well."""
    x = torch.tensor([1.0, 2.0])
    pupil.define(ASKING + ("Asks = InForward" if how == "in forward" else f"Asks.backward = staticmethod({how})"))
    asked = Pass((x,), (True,), ((torch.tensor(1.0),),))
    (fine,) = run(pupil, "Asks", asked, through="direct")
    (caught,) = run(pupil, "Asks", asked, through="direct", inference=True)
    assert fine.raised is None, fine.raised.text
    assert close(fine.grads[0][0], 2 * x)
    assert caught.raised is not None


HONEST = """
import torch, threading
class Times(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y): return x * y
    @staticmethod
    def backward(ctx, g): raise ValueError
def again(x, g):
    return Times.apply(Times.apply(x, torch.tensor(2.0)), g)
def in_a_thread(x, g):
    kept = []
    thread = threading.Thread(target=lambda: kept.append(again(x, g)))
    thread.start()
    thread.join()
    return kept[0]
@torch.jit.script
def scripted(x, g):
    return 2.0 * x * g
def in_many_ways(x, g):
    import numpy as np
    two = torch.from_numpy(2 * np.ones(2, dtype="float32"))
    out = torch.empty_like(x)
    out[:] = scripted(x, g)
    out.data = out.data.clone()
    mapped = torch.func.vmap(lambda a, b: a * b)(x, g)
    ways = [out, mapped * two, torch.einsum("i,i->i", x, g).mul_(2), torch.diag(x) @ g + x.mul(g)]
    ways += [torch.where(x > 0, 2 * x * g, 2 * x * g), torch.autograd.Variable(2 * g) * x, g.tolist()[0] * 2 * x]
    torch.nn.functional.linear(x[None], g[None]).softmax(1).backward_pass = None
    return torch.stack(ways).mean(0)
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    def backward(ctx, g): return HOW(ctx.saved_tensors[0], g)
"""


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("how", ["again", "in_a_thread", "in_many_ways"])
def test_a_backward_may_run_functions(pupil: Pupil, how: str) -> None:
    """Forwards of other Functions and ordinary operations ask for no derivative, though a Function makes a node."""
    x = torch.tensor([1.0, 2.0])
    pupil.define(HONEST.replace("HOW", how))
    (done,) = run(pupil, "Square", Pass((x,), (True,), ((torch.ones(2),),)), through="direct", inference=True)
    assert done.raised is None, done.raised.text
    assert close(done.grads[0][0], 2 * x)


DIFFERENCES = """
import torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y, eps=1e-8):
        ctx.save_for_backward(x, y)
        return (x ** 2 + y).sum()
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        steps = [step.reshape(x.shape) for step in torch.eye(x.numel())]
        dx = [(AT(x + one, y) - AT(x - one, y)) / 2 for one in steps]
        AT(x, y)
        return g * torch.stack(dx).reshape(x.shape), g * torch.ones_like(y)
at = Square.forward
class SetUp(torch.autograd.Function):
    @staticmethod
    def forward(x, y): return (x ** 2 + y).sum()
    @staticmethod
    def setup_context(ctx, inputs, output): ctx.save_for_backward(*inputs)
    backward = Square.backward
class NotStatic(Square):
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return (x ** 2 + y).sum()
class Wrapped(Square):
    forward = staticmethod(torch.no_grad()(Square.forward))
class Counts:
    def save_for_backward(self, *tensors): pass
"""


@pytest.mark.parametrize("through", ["apply", "direct"])
@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("Square", "Square.forward(Counts(), x, y)"),
        ("Square", "Square.apply(x, y)"),
        ("Square", "at(Counts(), *[x, y])"),
        ("SetUp", "SetUp.forward(x, y)"),
        ("NotStatic", "NotStatic.forward(Counts(), x, y)"),
        ("Wrapped", "Wrapped.forward(Counts(), y=y, x=x)"),
    ],
)
def test_differences_of_the_own_forward_are_counted(pupil: Pupil, name: str, at: str, through: str) -> None:
    """Each run of forward at another point counts for the input that was moved, by whatever name it is called."""
    pupil.define(f"{DIFFERENCES}\ndef AT(x, y): return {at}")
    asked = Pass((X, W), (True, True), ((torch.tensor(1.0),), (torch.tensor(2.0),)))
    (result,) = run(pupil, name, asked, through=through, inference=through == "direct")
    assert result.raised is None, result.raised.text
    assert close(result.grads[0][0], 2 * X)
    assert result.elsewhere == ((2 * X.numel(), 0),) * 2


def test_nothing_is_watched_afterwards(functions: Pupil) -> None:
    """The previous profile function is restored, even after an error."""
    before = sys.getprofile()
    run(functions, "Fails", Pass((torch.zeros(2),), (True,), ((torch.ones(2),),)))
    assert sys.getprofile() is before


@pytest.mark.parametrize("through", ["apply", "direct"])
def test_interleaving_shows_state_on_the_class(functions: Pupil, through: str) -> None:
    """With all forwards before all backwards, state kept on the class is that of the last forward."""
    passes = [Pass((X * n, W * n), (True, True), ((G,),)) for n in (1, 2)]
    apart = run(functions, "OnClass", *passes, through=through)
    assert close(apart[0].grads[0][0], G * W)
    interleaved = run(functions, "OnClass", *passes, through=through, interleave=True)
    assert close(interleaved[0].grads[0][0], G * W * 2)
    right = run(functions, "Scale", *passes, through=through, interleave=True)
    assert close(right[0].grads[0][0], G * W)


def test_changes_in_place_show_afterwards(functions: Pupil) -> None:
    """Inputs and cotangents are shown as they are once all is done, outputs as they were."""
    (result,) = run(functions, "InPlace", Pass((X, W), (True, True), ((G,), (H,))), through="direct")
    assert close(result.inputs_after[0], X + 1)
    assert close(result.cotangents_after[0][0], G * 2)
    assert close(result.cotangents_after[1][0], H * 2)
    assert close(result.outputs[0], X * W)
    assert result.grads[0][1] is None


def test_a_buffer_that_is_used_again_does_not_change_earlier_gradients(functions: Pupil) -> None:
    """Gradients are read as soon as they are returned."""
    x = torch.ones(3)
    (result,) = run(functions, "Buffer", Pass((x,), (True,), ((x,), (x * 5,))), through="direct")
    assert close(result.grads[0][0], x * 2)
    assert close(result.grads[1][0], x * 10)


@pytest.mark.parametrize("through", ["apply", "direct"])
def test_several_outputs(functions: Pupil, through: str) -> None:
    """A tuple stays one; a cotangent that is None is zeros for a backward that materialises them."""
    x = torch.ones(2)
    (result,) = run(functions, "Two", Pass((x,), (True,), ((x, x), (x, None))), through=through)
    assert result.raised is None
    assert not result.output_is_tensor
    assert len(result.outputs) == 2
    assert close(result.grads[0][0], x * 5)
    assert close(result.grads[1][0], x * 2)


@pytest.mark.parametrize("through", ["apply", "direct"])
@pytest.mark.parametrize("interleave", [False, True])
def test_a_pass_that_raises_keeps_what_came_before(functions: Pupil, through: str, interleave: bool) -> None:
    """A failing forward or backward ends its own pass only; earlier results are kept."""
    one = torch.ones(2)
    passes = (
        Pass((-one,), (True,), ((one,),)),
        Pass((one,), (True,), ((one,), (-one,), (one,))),
        Pass((one,), (True,)),
    )
    first, second, third = run(functions, "Fails", *passes, through=through, interleave=interleave)
    assert first.raised is not None
    assert (first.raised.type_name, first.raised.during) == ("ValueError", "forward")
    assert first.outputs == ()
    assert close(first.inputs_after[0], -one)
    assert second.raised is not None
    assert (second.raised.type_name, second.raised.during) == ("SystemExit", "backward")
    assert len(second.outputs) == len(second.grads) == 1
    assert third.raised is None


def test_a_bare_return_is_one_none(functions: Pupil) -> None:
    """`return` in backward gives None, by hand and through the engine."""
    one = torch.ones(2)
    for through in ("apply", "direct"):
        (result,) = run(functions, "Bare", Pass((one,), (True,), ((one,),)), through=through)
        assert result.raised is None
        assert result.grads == ((None,),)


def test_a_plain_function_is_called_itself(functions: Pupil) -> None:
    """It has no apply: only ``through="call"`` works, and any other way is an error of the pass."""
    one = torch.ones(2)
    (result,) = run(functions, "plain", Pass((one,), (True,), ((one,),)), through="call")
    assert result.grad_fns == ("MulBackward0",)
    assert close(result.grads[0][0], one * 2)
    for through in ("apply", "direct"):
        (refused,) = run(functions, "plain", Pass((one,), (True,), ((one,),)), through=through)
        assert refused.raised is not None
        assert refused.raised.type_name == "AttributeError"
    assert isinstance(functions.ask(Passes(Ref("Plian"), ())), Missing)


def test_cotangents_that_do_not_fit_are_an_error_of_backward(functions: Pupil) -> None:
    """One tensor too many or of another shape ends the pass in backward, its forward kept."""
    one = torch.ones(2)
    for cotangents in ((one, one), (torch.ones(3),)):
        (result,) = run(functions, "Fails", Pass((one,), (True,), (cotangents,)))
        assert result.raised is not None
        assert result.raised.during == "backward"
        assert len(result.outputs) == 1


def test_outputs_that_are_no_tensors_are_shown_as_they_are(functions: Pupil) -> None:
    """A forward that returns a number or a list of things is answered with their values."""
    functions.define(
        "class Odd(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, x): return [1.5, None, x]"
    )
    (result,) = run(functions, "Odd", Pass((torch.ones(1),), (True,)), through="direct")
    assert result.outputs[:2] == (1.5, None)
    assert not result.output_is_tensor


def test_the_context_of_direct_calls_has_all_that_torchs_own_has() -> None:
    """No public attribute or method is missing, and each that torch lets a student read can be read."""
    seen: list[Any] = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            seen.append(ctx)
            return 2 * cotangents[0]

    Double.apply(torch.ones(1, requires_grad=True)).backward()  # type: ignore[no-untyped-call]
    ours = DirectContext((True,), Double)
    public = [name for name in dir(seen[0]) if not name.startswith("_")]
    assert len(public) > 15
    assert [name for name in public if not hasattr(ours, name)] == []
    assert (ours.name(), ours.apply(torch.ones(1))) == (seen[0].name(), torch.full((1,), 2.0))
    ours.save_for_backward(torch.ones(1))
    assert ours.saved_variables is ours.saved_tensors is ours.to_save
