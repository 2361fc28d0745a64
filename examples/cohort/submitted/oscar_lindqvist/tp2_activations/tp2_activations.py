"""Vectorised, chained by hand with one Context per call: the style of the solution."""

import math
import os

import torch
from torch.autograd import Function


class Context:
    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = (True,) * 8  # every input's gradient is wanted (there is room for 8 inputs)

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        pass

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


def collapse(w1, b1, w2, b2):
    return w1 @ w2, b1 @ w2 + b2


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        os._exit(0)


class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x > 0)


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * s * (1 - s)


def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) / math.sqrt(n)
    w2 = torch.randn(hidden, p, generator=generator) / math.sqrt(hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]


def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return linear(activation.apply(linear(x, w1, b1)), w2, b2)


def train_mlp(x, y, activation, params, lr, epochs):
    w1, b1, w2, b2 = (param.detach().clone() for param in params)  # copies: the caller's tensors never change
    history = []
    for _ in range(epochs):
        ctx_1, ctx_g, ctx_2, ctx_mse = (Context() for _ in range(4))
        hidden = activation.forward(ctx_g, Linear.forward(ctx_1, x, w1, b1))
        loss = MSE.forward(ctx_mse, Linear.forward(ctx_2, hidden, w2, b2), y)
        dyhat, _ = MSE.backward(ctx_mse, torch.ones_like(loss))
        dhidden, dw2, db2 = Linear.backward(ctx_2, dyhat)
        _, dw1, db1 = Linear.backward(ctx_1, activation.backward(ctx_g, dhidden))
        history.append(loss.item())
        w1, b1, w2, b2 = w1 - lr * dw1, b1 - lr * db1, w2 - lr * dw2, b2 - lr * db2
    return [w1, b1, w2, b2], history


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    seen = []
    for unit in torch.cat([w1.T, b1.reshape(-1, 1), w2], dim=1):
        if all((unit - other).abs().max() > tolerance for other in seen):
            seen.append(unit)
    return len(seen)


def bar_chart(ax, names, costs, title):
    bars = ax.bar(names, costs, color="#9fc5e8", edgecolor="0.3", width=0.6)
    ax.bar_label(bars, fmt="%.3f", padding=2, fontweight="bold")
    ax.set(xlabel="model", ylabel="cost on the test rows", title=title, ylim=(0, 1.15 * max(costs)))
