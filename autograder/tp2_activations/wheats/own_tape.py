"""A tape of nodes that plays itself backwards, whichever way a Function is written: setup_context or ctx first."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import starmap

import torch
from torch import Tensor
from torch.autograd import Function


class Context:
    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = (True,) * 8

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        """Do nothing here; PyTorch's own context has this method."""

    mark_dirty = set_materialize_grads = mark_non_differentiable


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0).reshape(b.shape)


mse, linear = MSE.apply, Linear.apply


def collapse(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    w = torch.linalg.multi_dot((w1, w2))
    b = torch.addmv(b2, w2.T, b1)
    return w, b


class Pointwise(Function):
    """What the three activation functions share: only the output or only a mask is kept."""

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)


class Tanh(Pointwise):
    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return torch.addcmul(grad_output, grad_output, h * h, value=-1)


class Sigmoid(Pointwise):
    @staticmethod
    def forward(x):
        return torch.special.expit(x)

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * (s - s.square())


class ReLU(Pointwise):
    @staticmethod
    def forward(x):
        return torch.clamp(x, min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return torch.where(h > 0, grad_output, torch.zeros_like(grad_output))


@dataclass
class Tape:
    nodes: list[tuple[type[Function], Context]] = field(default_factory=list)

    def __call__(self, function, *inputs):
        ctx = Context()
        self.nodes.append((function, ctx))
        if function.setup_context is Function.setup_context:
            return function.forward(ctx, *inputs)
        output = function.forward(*inputs)
        function.setup_context(ctx, inputs, output)
        return output

    def rewind(self, gradient):
        """Yield what each node sends back, from the last one to the first."""
        for function, ctx in reversed(self.nodes):
            sent = function.backward(ctx, gradient)
            sent = sent if isinstance(sent, tuple) else (sent,)
            yield sent
            gradient = sent[0]


def init_mlp(n: int, hidden: int, p: int, generator: torch.Generator) -> list[Tensor]:
    params = []
    for fan_in, fan_out in ((n, hidden), (hidden, p)):
        w = torch.empty(fan_in, fan_out, dtype=torch.float32)
        w.normal_(0.0, fan_in**-0.5, generator=generator)
        params += [w, torch.zeros(fan_out)]
    return params


def run(tape: Tape, params, x, activation):
    w1, b1, w2, b2 = params
    return tape(Linear, tape(activation, tape(Linear, x, w1, b1)), w2, b2)


def predict(params, x, activation):
    return run(Tape(), params, x, activation)


def train_mlp(x, y, activation, params, lr, epochs):
    history: list[float] = []
    for _ in range(epochs):
        tape = Tape()
        cost = tape(MSE, run(tape, params, x, activation), y)
        history.append(cost.item())
        _, (_, dw2, db2), _, (_, dw1, db1) = tape.rewind(torch.ones_like(cost))
        params = list(starmap(lambda p, d: p - lr * d, zip(params, (dw1, db1, dw2, db2))))
    return [param.clone() for param in params], history


def distinct_units(params, tolerance: float = 1e-4) -> int:
    w1, b1, w2, _ = params
    units = torch.cat((w1.T, b1[:, None], w2), dim=1)
    gaps = (units[:, None, :] - units[None, :, :]).abs().amax(-1)
    first = (gaps <= tolerance).int().argmax(1)
    return len(set(first.tolist()))


def bar_chart(ax, names, costs, title):
    bars = ax.bar(names, costs)
    ax.bar_label(bars, fmt="%.3f")
    ax.set(xlabel="modèle", ylabel="coût", title=title)
    ax.margins(y=0.15)
