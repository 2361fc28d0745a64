"""The battery: right Functions of many styles pass every part; each wrong one fails its own parts, and no other."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
import pytest
import torch
from torch import Tensor

from gradjudge.checks.functions.function_check import FunctionCheck
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student

Load = Callable[[str], Student]

LINEAR_PARTS = ("forward", "x", "w", "b", "shape-b", "float32", "non-contiguous", "no-mutation", "interleaved")
MSE_PARTS = ("forward", "yhat", "y", "float32", "non-contiguous", "no-mutation", "interleaved")
#: Seeds with which a right Function is judged; `make seeds` uses 100.
SEEDS = int(os.environ.get("GRADJUDGE_TEST_SEEDS", "4"))


def linear_check(student: Student, seed: int) -> FunctionCheck:
    """Build the battery for Linear at small shapes where q, n and p differ."""
    return FunctionCheck(
        student.Linear,
        lambda x, w, b: x @ w + b,
        {"x": (4, 3), "w": (3, 2), "b": (2,)},
        rng=torch.Generator().manual_seed(seed),
        also_shapes=[{"x": (64, 2), "w": (2, 3), "b": (3,)}, {"x": (5, 4), "w": (4, 1), "b": (1,)}],
        scales=(1e-4, 1e6),
    )


def mse_check(student: Student, seed: int) -> FunctionCheck:
    """Build the battery for MSE at small shapes where q and p differ."""

    def formula(yhat: Tensor, y: Tensor) -> Tensor:
        return ((yhat - y) ** 2).sum() / len(yhat)

    return FunctionCheck(
        student.MSE,
        formula,
        {"yhat": (5, 3), "y": (5, 3)},
        rng=torch.Generator().manual_seed(seed),
        also_shapes=[{"yhat": (64, 2), "y": (64, 2)}, {"yhat": (7, 1), "y": (7, 1)}],
        scales=(1e-4, 1e6),
    )


def run_part(check: FunctionCheck, part: str) -> None:
    """Run one part by its short name."""
    if part == "forward":
        check.forward()
    elif part == "shape-b":
        check.shape_of_gradient("b", also=[(1, 2)])
    elif part in ("x", "w", "b", "yhat", "y"):
        check.gradient(part, flatten=part == "b")
    else:
        check.robust(part)


def failures(check: FunctionCheck, parts: tuple[str, ...]) -> dict[str, str]:
    """Run all parts; return those that fail, with what the student reads in English."""
    found: dict[str, str] = {}
    for part in parts:
        try:
            run_part(check, part)
        except CheckFailed as failed:
            found[part] = str(failed)
    return found


LINEAR = """
import torch
from torch.autograd import Function

CALLS = [0]

class Nothing:
    def save_for_backward(self, *tensors):
        pass

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        {forward}
        ctx.save_for_backward(x, w, b)
        return out

    @staticmethod
    def backward(ctx, g):
        x, w, b = ctx.saved_tensors
        dx = g @ w.T
        dw = x.T @ g
        db = g.sum(0).reshape(b.shape)
        {backward}
        return dx, dw, db
"""

MSE = """
import torch
from torch.autograd import Function

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        {forward}
        ctx.save_for_backward(yhat, y)
        return out

    @staticmethod
    def backward(ctx, g):
        yhat, y = ctx.saved_tensors
        q, p = yhat.shape
        d = 2 * (yhat - y) / q * g
        dyhat, dy = d, -d
        {backward}
        return dyhat, dy
"""


def _indented(code: str) -> str:
    return code.strip().replace("\n", "\n        ")


def linear(backward: str = "pass", forward: str = "out = x @ w + b") -> str:
    """Write a Linear whose backward runs `backward` after the right gradients."""
    return LINEAR.format(backward=_indented(backward), forward=_indented(forward))


def mse(backward: str = "pass", forward: str = "out = ((yhat - y) ** 2).sum() / len(yhat)") -> str:
    """Write an MSE whose backward runs `backward` after the right gradients."""
    return MSE.format(backward=_indented(backward), forward=_indented(forward))


class Wrong(msgspec.Struct, frozen=True):
    """A wrong Function: its source, the parts that it fails, and words from one of its messages."""

    source: str
    fails: str
    says: str = ""


DIFFERENCES = """
dw = torch.zeros(w.shape, dtype=w.dtype)
for k in range(w.numel()):
    step = torch.zeros(w.shape, dtype=w.dtype)
    step.view(-1)[k] = {step}
    up, down = (Linear.forward(Nothing(), x, w + s, b) for s in (step, -step))
    dw.view(-1)[k] = ((up - down) / (2 * {step}) * g).sum()
"""

ROBUST = "float32 non-contiguous no-mutation interleaved"

WRONG_LINEAR = {
    "forward without b, right backward": Wrong(linear(forward="out = x @ w"), "forward"),
    "forward doubled with a matching backward": Wrong(
        linear("dx, dw, db = 2 * dx, 2 * dw, 2 * db", "out = 2 * (x @ w + b)"),
        f"forward x w b shape-b {ROBUST}",
        "2 times",
    ),
    "dx for the square of g": Wrong(linear("dx = (g * g) @ w.T"), "x", "not proportional to grad_output"),
    "dw for the absolute value of g": Wrong(linear("dw = x.T @ g.abs()"), "w", "not proportional to grad_output"),
    "db for a clamped g": Wrong(linear("db = g.clamp(-1, 1).sum(0).reshape(b.shape)"), "b shape-b"),
    "dw clamped only far out": Wrong(linear("dw = x.T @ g.clamp(-50, 50)"), "w", "changes sign or size"),
    "db not summed": Wrong(linear("db = g"), "b shape-b", "not summed over the batch"),
    "db summed over columns": Wrong(linear("db = g.sum(1)"), "b shape-b", "wrong axis"),
    "db summed over all": Wrong(linear("db = g.sum() * torch.ones_like(b)"), "b shape-b", "all axes"),
    "db a mean": Wrong(linear("db = g.mean(0).reshape(b.shape)"), "b shape-b", "1/q times"),
    "db with one row": Wrong(linear("db = g.sum(0, keepdim=True)"), "shape-b"),
    "db always flat": Wrong(linear("db = g.sum(0)"), "shape-b"),
    "db ones": Wrong(linear("db = torch.ones_like(b)"), "b shape-b"),
    "db None": Wrong(linear("db = None"), "b shape-b", "None"),
    "db a number": Wrong(linear("db = 3.0"), f"x w b shape-b {ROBUST}"),
    "db integer": Wrong(linear("db = db.long()"), "b shape-b"),
    "db empty": Wrong(linear("db = db[:0]"), "b shape-b", "empty"),
    "dx ignores g": Wrong(linear("dx = torch.ones_like(g) @ w.T"), "x", "not multiplied by grad_output"),
    "dw transposed": Wrong(linear("dw = dw.T"), "w", "transposed"),
    "dw negative": Wrong(linear("dw = -dw"), "w", "opposite sign"),
    "dw zero": Wrong(linear("dw = torch.zeros_like(w)"), "w", "zero"),
    "dw NaN": Wrong(linear("dw = dw * float('nan')"), "w", "NaN"),
    "dx and dw exchanged": Wrong(linear("dx, dw = dw, dx"), "x w", "order of the inputs"),
    "dw 0.05 % too large": Wrong(linear("dw = dw * 1.0005"), "w", "1e-3"),
    "dw right up to 16 rows": Wrong(linear("dw = dw if len(x) <= 16 else dw * 1.1"), "w", "other sizes"),
    "dw right only in float64": Wrong(linear("dw = dw if x.dtype == torch.float64 else dw * 1.1"), "float32"),
    "dw right only for contiguous x": Wrong(linear("dw = dw if x.is_contiguous() else dw * 1.1"), "non-contiguous"),
    "dw right only for contiguous g": Wrong(linear("dw = dw if g.is_contiguous() else dw * 1.1"), "non-contiguous"),
    "forward right only in float64": Wrong(
        linear(forward="out = x @ w + b\nout = out if x.dtype == torch.float64 else out * 1.1"), "float32", "in float32"
    ),
    "forward right only for contiguous x": Wrong(
        linear(forward="out = x @ w + b\nout = out if x.is_contiguous() else -out"), "non-contiguous", "result"
    ),
    "dx through view": Wrong(linear(forward="out = (x.view(-1).view(x.shape)) @ w + b"), "non-contiguous", "reshape"),
    "dw right for the first calls": Wrong(linear("CALLS[0] += 1\ndw = dw if CALLS[0] < 60 else dw * 1.1"), "w"),
    "x kept on the class": Wrong(
        linear("dw = Linear.x.T @ g", "Linear.x = x\nout = x @ w + b"), "interleaved", "`ctx`"
    ),
    "g changed in place": Wrong(linear("g *= 0"), "no-mutation non-contiguous", "in place"),
    "x changed in place": Wrong(
        linear(forward="out = x @ w + b\nkept = x.clone()\nx.zero_()\nx = kept"), "no-mutation", "in place"
    ),
    "dw asked by the wrong flag": Wrong(
        linear("dw = dw if ctx.needs_input_grad[0] else None"), "w", "needs_input_grad"
    ),
    "dw None with another": Wrong(linear("dw = None if ctx.needs_input_grad[2] else dw"), "w", "None"),
    "dw in float32": Wrong(linear("dw = dw.float()"), "float32", "dtype"),
    "computed in double": Wrong(linear(forward="out = x.double() @ w.double() + b.double()"), "float32", "dtype"),
    "autograd in backward": Wrong(
        linear(
            "with torch.enable_grad():\n"
            "    v = w.detach().requires_grad_()\n"
            "    (dw,) = torch.autograd.grad(x @ v, v, g)"
        ),
        "x w b shape-b",
        "uses autograd",
    ),
    "func.grad in backward": Wrong(
        linear("dw = torch.func.grad(lambda v: ((x @ v) * g).sum())(w.detach())"), "x w b shape-b", "uses autograd"
    ),
    "out of inference mode in backward": Wrong(
        linear(
            "with torch.inference_mode(False), torch.enable_grad():\n"
            "    v = w.detach().clone().requires_grad_()\n"
            "    (dw,) = torch.autograd.grad(x.clone() @ v, v, g.clone())"
        ),
        "x w b shape-b",
        "uses autograd",
    ),
    "a graph built in forward": Wrong(
        linear(
            "(dw,) = torch.autograd.grad(ctx.again, ctx.v, g, retain_graph=True)",
            "with torch.enable_grad():\n"
            "    ctx.v = w.detach().clone().requires_grad_()\n"
            "    ctx.again = x.detach() @ ctx.v + b.detach()\n"
            "out = ctx.again.detach()",
        ),
        "x w b shape-b",
        "uses autograd",
    ),
    "differences of the own forward": Wrong(linear(DIFFERENCES.format(step=1.0)), "w", "calls `forward`"),
    "arguments in the order w, b, x": Wrong(
        linear("return dw, db, dx").replace("(ctx, x, w, b)", "(ctx, w, b, x)"), "forward", "in the order w, b, x"
    ),
    "arguments in the order b, x, w, dw doubled": Wrong(
        linear("return db, dx, 2 * dw").replace("(ctx, x, w, b)", "(ctx, b, x, w)"), "forward w", "2 times"
    ),
    "rows added up in forward": Wrong(
        linear(forward="out = (x @ w + b).sum(0)"), f"forward x w b {ROBUST}", "mend `forward` first"
    ),
    "one gradient too few": Wrong(linear("return dx, dw"), f"x w b shape-b {ROBUST}"),
    "a bare return": Wrong(linear("return"), f"x w b shape-b {ROBUST}"),
    "apply is a builtin": Wrong(
        linear() + "\nLinear.apply = staticmethod(lambda x, w, b: torch.nn.functional.linear(x, w.T, b))\n", "x w b"
    ),
    "not implemented": Wrong(
        linear("raise NotImplementedError", "raise NotImplementedError"), " ".join(LINEAR_PARTS), "NotImplementedError"
    ),
    "returns None": Wrong(linear("return None, None, None", "out = None"), " ".join(LINEAR_PARTS)),
}

WRONG_MSE = {
    "mean over all entries": Wrong(
        mse("dyhat, dy = d / p, -d / p", "out = ((yhat - y) ** 2).mean()"), f"forward yhat y {ROBUST}", "1/p times"
    ),
    "mean forward, right backward": Wrong(mse(forward="out = ((yhat - y) ** 2).mean()"), "forward"),
    "sum": Wrong(
        mse("dyhat, dy = d * q, -d * q", "out = ((yhat - y) ** 2).sum()"), f"forward yhat y {ROBUST}", "q times"
    ),
    "one number per column": Wrong(
        mse("dyhat, dy = d, -d", "out = ((yhat - y) ** 2).mean(0)"), "forward", "dimensions"
    ),
    "shape (1,)": Wrong(mse(forward="out = (((yhat - y) ** 2).sum() / len(yhat)).reshape(1)"), "forward", "[1]"),
    "a float": Wrong(mse(forward="out = (((yhat - y) ** 2).sum() / len(yhat)).item()"), " ".join(MSE_PARTS)),
    "factor 2 forgotten": Wrong(mse("dyhat, dy = d / 2, -d / 2"), f"yhat y {ROBUST}", "1/2 times"),
    "sign of dy": Wrong(mse("dy = d"), "y", "opposite sign"),
    "dy before dyhat": Wrong(mse("dyhat, dy = dy, dyhat"), f"yhat y {ROBUST}", "opposite sign, or is the one for `y`"),
    "None for y": Wrong(mse("dy = None"), "y", "None"),
    "g ignored": Wrong(mse("dyhat = 2 * (yhat - y) / q"), "yhat", "grad_output"),
    "divided by 10": Wrong(mse("dyhat = 2 * (yhat - y) / 10 * g"), "yhat"),
    "float32 differences": Wrong(mse("dyhat = dyhat.half().to(g.dtype)"), "yhat"),
}

LOOPS = """
import torch
from torch.autograd import Function

class Linear(Function):
    @staticmethod
    def forward(ctx, a, m, c):
        ctx.save_for_backward(a, m, c)
        out = torch.zeros(len(a), m.shape[1], dtype=a.dtype)
        for i in range(len(a)):
            for j in range(m.shape[1]):
                out[i, j] = (a[i] * m[:, j]).sum() + c.reshape(-1)[j]
        return out

    @staticmethod
    def backward(ctx, grad):
        a, m, c = ctx.saved_tensors
        da, dm, dc = torch.zeros_like(a), torch.zeros_like(m), torch.zeros_like(c)
        for i in range(len(a)):
            da[i] += m @ grad[i]
            dm += a[i][:, None] * grad[i][None, :]
            dc += grad[i].reshape(c.shape)
        return da, dm, dc
"""

EINSUM = """
import torch

class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.x, ctx.w, ctx.shape = x, w, b.shape
        return torch.einsum("qn,np->qp", x, w) + b

    @staticmethod
    def backward(ctx, *grads):
        g = grads[0]
        return (torch.einsum("qp,np->qn", g, ctx.w), torch.einsum("qn,qp->np", ctx.x, g),
                torch.einsum("qp->p", g).reshape(ctx.shape), None, None)
"""

SETUP = """
import torch

class Linear(torch.autograd.Function):
    @staticmethod
    def forward(x, w, b):
        return torch.addmm(b, x, w)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, w, b = ctx.saved_tensors
        return g.mm(w.t()), x.t().mm(g), g.sum(dim=0).view_as(b)
"""

NEEDS = """
import torch

def batch_sum(g, like):
    return g.sum(0).reshape(like.shape)

class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b=None):
        ctx.save_for_backward(x, w, b)
        return x.mm(w) + b.unsqueeze(0).expand(len(x), -1) if b.ndim == 1 else x.mm(w) + b

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        x, w, b = ctx.saved_tensors
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = g.mm(w.t())
        if ctx.needs_input_grad[1]:
            dw = x.t().mm(g)
        if ctx.needs_input_grad[2]:
            db = batch_sum(g, b)
        return dx, dw, db
"""

NUMBERS = """
import torch

class MSE(torch.autograd.Function):
    def forward(ctx, a, b):
        ctx.difference = a - b
        return (ctx.difference ** 2).sum() * torch.tensor(1 / len(a))

    def backward(ctx, g):
        d = torch.tensor(2 / len(ctx.difference)) * ctx.difference * g.item()
        return d, d.neg()
"""

ONES = """
import torch

class MSE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return torch.nn.functional.mse_loss(yhat, y, reduction="sum") / yhat.size(0)

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        again = MSE.forward(ctx, yhat, y)
        grad = torch.zeros_like(yhat)
        for i in range(yhat.size(0)):
            for j in range(yhat.size(1)):
                grad[i, j] = 2 * (yhat[i, j] - y[i, j]) / yhat.size(0)
        return grad_output * grad, -grad_output * grad + 0 * again
"""

RIGHT_LINEAR = {
    "vectorised": linear(),
    "loops": LOOPS,
    "einsum and attributes": EINSUM,
    "setup_context": SETUP,
    "needs": NEEDS,
}
RIGHT_MSE = {
    "vectorised": mse(),
    "float32 constants": NUMBERS,
    "loops, forward run again": ONES,
    "mean over columns": mse(forward="out = ((yhat - y) ** 2).mean(0).sum()"),
}


@pytest.mark.parametrize("name", WRONG_LINEAR)
def test_wrong_linear_fails_its_own_parts(load: Load, name: str) -> None:
    """A wrong Linear fails the parts that its mistake is about, and no other."""
    wrong = WRONG_LINEAR[name]
    found = failures(linear_check(load(wrong.source), 1), LINEAR_PARTS)
    assert set(found) == set(wrong.fails.split()), found
    assert wrong.says in " ".join(found.values())


@pytest.mark.parametrize("name", WRONG_MSE)
def test_wrong_mse_fails_its_own_parts(load: Load, name: str) -> None:
    """A wrong MSE fails the parts that its mistake is about, and no other."""
    wrong = WRONG_MSE[name]
    found = failures(mse_check(load(wrong.source), 1), MSE_PARTS)
    assert set(found) == set(wrong.fails.split()), found
    assert wrong.says in " ".join(found.values())


@pytest.mark.parametrize("name", RIGHT_LINEAR)
def test_right_linear_passes_every_part(load: Load, name: str) -> None:
    """A right Linear of any style passes every part, whatever the seed."""
    for seed in range(SEEDS):
        assert failures(linear_check(load(RIGHT_LINEAR[name]), seed), LINEAR_PARTS) == {}


@pytest.mark.parametrize("name", RIGHT_MSE)
def test_right_mse_passes_every_part(load: Load, name: str) -> None:
    """A right MSE of any style passes every part, whatever the seed."""
    for seed in range(SEEDS):
        assert failures(mse_check(load(RIGHT_MSE[name]), seed), MSE_PARTS) == {}


ELEMENTWISE = linear(forward="out = x * w + b")
NO_CONTEXT = (
    mse().replace("forward(ctx, yhat, y)", "forward(yhat, y)").replace("ctx.save_for_backward(yhat, y)", "pass")
)


@pytest.mark.parametrize(
    ("source", "key", "words"),
    [
        (ELEMENTWISE, "element-wise", "multiplies element by element (`*`) where a matrix product (`@`) is needed"),
        (linear(forward="out = torch.mul(x, w) + b"), "element-wise", "matrix product"),
        (linear(forward="out = x * w - b"), "", "element-wise operation"),  # nothing fits: only torch's message
        (linear(forward="out = x @ w + b + x"), "", "element-wise operation"),
        (linear(forward="out = x @ w.T + b"), "transposed", "takes `w` transposed"),
    ],
)
def test_a_forward_that_raises_is_explained(load: Load, source: str, key: str, words: str) -> None:
    """A product of the wrong kind is simulated at shapes where both kinds are defined."""
    with pytest.raises(CheckFailed) as caught:
        linear_check(load(source), 1).forward()
    assert words in str(caught.value)
    assert caught.value.text.mistake == key


@pytest.mark.parametrize(
    ("source", "key", "words"),
    [
        (NO_CONTEXT, "ctx", "`MSE.forward` has no `ctx`: write `forward(ctx, yhat, y)`."),
        (
            mse().replace("forward(ctx, yhat, y)", "forward(ctx, yhat, y, reduction)"),
            "",
            "must be `forward(ctx, yhat, y)`",
        ),
    ],
)
def test_wrong_arguments_of_forward_are_reported(load: Load, source: str, key: str, words: str) -> None:
    """Without ctx the formula may be right; then only ctx is reported."""
    with pytest.raises(CheckFailed) as caught:
        mse_check(load(source), 1).forward()
    assert words in str(caught.value)
    assert caught.value.text.mistake == key


@pytest.mark.parametrize(
    ("backward", "key", "words"),
    [
        ("return [dyhat, dy]", "list", "returns its gradients in a list"),
        (
            "if not ctx.needs_input_grad[1]: return dyhat",
            "number of gradients",
            "returns 1 value(s); it owes one gradient for each of the 2 inputs",
        ),
    ],
)
def test_a_list_of_gradients_is_told_from_too_few(load: Load, backward: str, key: str, words: str) -> None:
    """torch reports both as a wrong number of gradients."""
    with pytest.raises(CheckFailed) as caught:
        mse_check(load(mse(backward)), 1).gradient("yhat")
    assert words in str(caught.value)
    assert caught.value.text.mistake == key


def test_saving_a_number_is_reported(load: Load) -> None:
    """A context of the student's own keeps anything; torch's, which `apply` passes, keeps tensors."""
    source = mse().replace("save_for_backward(yhat, y)", "save_for_backward(yhat, y, 7)")
    check = mse_check(load(source.replace("yhat, y = ctx", "yhat, y, _ = ctx")), 1)
    check.forward()
    with pytest.raises(CheckFailed, match="takes tensors only") as caught:
        check.gradient("yhat")
    assert caught.value.text.mistake == "saved"


def test_what_is_paid_for_elsewhere_costs_no_shape(load: Load) -> None:
    """A bias gradient that is a mean, or not summed, is judged by its shape alone once its value has been paid for."""
    for backward in ("db = g", "db = g.mean(0).reshape(b.shape)"):
        check = linear_check(load(linear(backward)), 1)
        with pytest.raises(CheckFailed):
            check.shape_of_gradient("b", also=[(1, 2)])
        check.shape_of_gradient("b", also=[(1, 2)], paid=True)
    for backward in ("db = torch.zeros_like(b)", "db = torch.ones_like(b)", "db = None", "db = g.mean(0)", "db = g.T"):
        with pytest.raises(CheckFailed):
            linear_check(load(linear(backward)), 1).shape_of_gradient("b", also=[(1, 2)], paid=True)


def test_a_bias_gradient_drawn_at_random_has_no_right_shape(load: Load) -> None:
    """One draw may be right by chance, so each shape is asked for more than once."""
    lucky = "CALLS[0] += 1\ndb = db if CALLS[0] % 2 else torch.zeros_like(db)"
    with pytest.raises(CheckFailed, match="wrong"):
        linear_check(load(linear(lucky)), 1).shape_of_gradient("b")


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize(
    ("binding", "says"),
    [
        ("mse = MSE.apply", ""),
        ("def mse(yhat, y): return MSE.apply(yhat, y)", ""),
        ("mse = MSE()", "cannot be called"),
        ("def mse(yhat, y): return MSE()(yhat, y)", "never as an instance"),
        ("def mse(yhat, y): return ((yhat - y) ** 2).sum() / len(yhat)", "does not run your own"),
        ("mse = 3", "is not `MSE.apply`"),
    ],
)
def test_a_name_is_bound_to_apply(load: Load, binding: str, says: str) -> None:
    """The name may be apply or call it; an instance, a formula and a number are reported as what they are."""
    student = load(mse() + binding + "\n")
    check = mse_check(student, 1)
    check.forward()
    if not says:
        check.bound(student.mse)
        return
    with pytest.raises(CheckFailed, match=says):
        check.bound(student.mse)


def test_what_apply_raises_as_well_is_not_the_names_fault(load: Load) -> None:
    """A forward that fails where gradients are asked for is paid for with them, not with its name too."""
    source = mse().replace("save_for_backward(yhat, y)", "save_for_backward(yhat, y, 7)")
    student = load(
        source.replace("yhat, y = ctx", "yhat, y, _ = ctx") + "mse = MSE.apply\nwrong = lambda a, b: 0 * a\n"
    )
    mse_check(student, 1).bound(student.mse)
    with pytest.raises(CheckFailed):
        mse_check(student, 1).bound(student.wrong)


def test_another_reduction_is_a_convention(load: Load) -> None:
    """A consistent mean over all entries passes everything for its own formula; a wrong gradient does not."""
    mean = "out = ((yhat - y) ** 2).mean()"
    own = mse_check(load(mse("dyhat, dy = d / p, -d / p", mean)), 1).in_its_own_convention()
    assert own is not None
    assert failures(own, MSE_PARTS) == {}
    assert mse_check(load(mse(forward="out = (yhat - y).abs().sum()")), 1).in_its_own_convention() is None


IN_PLACE = """
import torch

class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x > 0)
        ctx.mark_dirty(x)
        return x.clamp_(min=0)

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]
"""


def test_an_input_that_is_marked_dirty_is_no_crash(load: Load) -> None:
    """A leaf cannot be changed in place, another node's output can; the change is the only mistake."""
    check = FunctionCheck(load(IN_PLACE).ReLU, torch.relu, {"x": (4, 3)}, rng=torch.Generator().manual_seed(0))
    assert failures(check, ("forward", "float32", "non-contiguous", "interleaved")) == {}
    check.gradient("x")
    with pytest.raises(CheckFailed, match="in place"):
        check.robust("no-mutation")


@pytest.mark.parametrize(
    ("backward", "name", "key"),
    [
        ("dx = g @ w", "x", "transposed"),
        ("dw = x @ g", "w", "transposed"),
        ("dw = g @ x.T", "w", "order of factors"),
        ("dx = g * w", "x", "element-wise"),
        ("dw = x.T * g", "w", "element-wise"),
        ("dx = w.T @ w.T", "", ""),
        ("db = (g @ x).sum(0)", "", ""),
    ],
)
def test_a_product_whose_shapes_do_not_match_is_explained(load: Load, backward: str, name: str, key: str) -> None:
    """With square matrices any product is defined, which shows the one that was meant."""
    for asked in ("x", "w", "b"):
        with pytest.raises(CheckFailed) as caught:
            linear_check(load(linear(backward)), 1).gradient(asked)
        assert caught.value.text.mistake == key
        assert (f"for `{name}` is" in str(caught.value)) is bool(name)


def test_a_list_with_one_gradient_is_reported(load: Load) -> None:
    """torch complains that it is not a tensor."""
    source = "import torch\nclass Square(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
    source += "        ctx.save_for_backward(x)\n        return x * x\n    @staticmethod\n    def backward(ctx, g):\n"
    source += "        return [2 * g * ctx.saved_tensors[0]]\n"
    generator = torch.Generator().manual_seed(1)
    with pytest.raises(CheckFailed, match="returns its gradients in a list") as caught:
        FunctionCheck(load(source).Square, lambda x: x * x, {"x": (4, 3)}, rng=generator).gradient("x")
    assert caught.value.text.mistake == "list"
