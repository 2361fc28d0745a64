"""The style that PyTorch recommends since 2.0: setup_context, needs_input_grad; gradients by torch.autograd.grad."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Linear(Function):
    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return torch.addmm(b, x, w)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = grad_output.mm(w.t())
        if ctx.needs_input_grad[1]:
            dw = x.t().mm(grad_output)
        if ctx.needs_input_grad[2]:
            db = grad_output.sum(0).view_as(b)
        return dx, dw, db


class MSE(Function):
    @staticmethod
    def forward(yhat, y):
        return (yhat - y).square().sum(1).mean()

    @staticmethod
    def setup_context(ctx, inputs, output):
        yhat, y = inputs
        ctx.gap = yhat - y

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        d = 2 * grad_output * ctx.gap / ctx.gap.size(0)
        return d, -d if ctx.needs_input_grad[1] else None


class Tanh(Function):
    @staticmethod
    def forward(x):
        return 2 * torch.sigmoid(2 * x) - 1

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        return (1 + output) * (1 - output) * grad_output


class ReLU(Function):
    @staticmethod
    def forward(x):
        return torch.where(x > 0, x, torch.zeros_like(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x > 0)

    @staticmethod
    def backward(ctx, grad_output):
        (mask,) = ctx.saved_tensors
        return torch.where(mask, grad_output, torch.zeros((), dtype=grad_output.dtype, device=grad_output.device))


class Sigmoid(Function):
    @staticmethod
    def forward(x):
        return (1 + torch.tanh(x / 2)) / 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * (s - s.square())


def collapse(w1, b1, w2, b2):
    both = torch.cat([w1, b1.unsqueeze(0)]) @ w2
    return both[:-1], both[-1] + b2


def init_mlp(n: int, hidden: int, p: int, generator: torch.Generator) -> list[Tensor]:
    w1, b1, w2, b2 = torch.empty(n, hidden), torch.zeros(hidden), torch.empty(hidden, p), torch.zeros(p)
    nn.init.normal_(w1, 0.0, n**-0.5, generator=generator)
    nn.init.normal_(w2, 0.0, hidden**-0.5, generator=generator)
    return [w1, b1, w2, b2]


@torch.no_grad()
def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return Linear.apply(activation.apply(Linear.apply(x, w1, b1)), w2, b2)


def train_mlp(x, y, activation, params, lr, epochs):
    params = [p.detach().clone().requires_grad_() for p in params]
    history = torch.zeros(epochs, dtype=torch.float64)
    for epoch in range(epochs):
        w1, b1, w2, b2 = params
        loss = MSE.apply(Linear.apply(activation.apply(Linear.apply(x, w1, b1)), w2, b2), y)
        grads = torch.autograd.grad(loss, params)
        history[epoch] = loss.detach()
        params = [(p - lr * g).detach().requires_grad_() for p, g in zip(params, grads)]
    return params, history


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    units = torch.cat([w1.T, b1[:, None], w2], 1)
    close = (units[:, None] - units[None]).abs().amax(-1) <= tolerance
    first = close.int().argmax(1)  # the first neuron that each is identical to
    return int((first == torch.arange(len(units), device=first.device)).sum())
