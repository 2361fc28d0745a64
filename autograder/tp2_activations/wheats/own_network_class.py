"""Chained by hand with in-place steps, a network class with properties, state in dictionaries, one function per direction."""

import math
from collections import OrderedDict
from typing import Callable, Dict, List, Optional, Tuple

import torch
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


def collapse(w1, b1, w2, b2):
    w = torch.einsum("nh,hp->np", w1, w2)
    b = torch.einsum("h,hp->p", b1, w2) + b2
    return w, b


def make_activation(name: str, f: Callable, derivative_from_output: Callable) -> type:
    """Build a Function class out of a function and of its derivative, written with the output."""

    def forward(ctx, x):
        h = f(x)
        ctx.save_for_backward(h)
        return h

    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return derivative_from_output(h).mul(grad_output)

    return type(name, (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


Tanh = make_activation("Tanh", torch.tanh, lambda h: 1 - h.pow(2))
ReLU = make_activation("ReLU", lambda x: x.clamp_min(0), lambda h: (h > 0).to(h.dtype))
Sigmoid = make_activation("Sigmoid", torch.sigmoid, lambda h: h * (1 - h))


class Network:
    NAMES = ("w1", "b1", "w2", "b2")

    def __init__(self, params, activation):
        self.params = OrderedDict(zip(self.NAMES, (p.detach().clone() for p in params)))
        self.activation = activation
        self.contexts: Dict[str, Context] = {}

    def __getattr__(self, name):
        if name in Network.NAMES:
            return self.params[name]
        raise AttributeError(name)

    def _context(self, name: str) -> Context:
        self.contexts[name] = Context()
        return self.contexts[name]

    def forward(self, x):
        a = Linear.forward(self._context("first"), x, self.w1, self.b1)
        h = self.activation.forward(self._context("g"), a)
        return Linear.forward(self._context("second"), h, self.w2, self.b2)

    def cost(self, x, y):
        return MSE.forward(self._context("mse"), self.forward(x), y)

    def backward(self, start) -> Dict[str, torch.Tensor]:
        dyhat, _ = MSE.backward(self.contexts["mse"], start)
        dh, dw2, db2 = Linear.backward(self.contexts["second"], dyhat)
        da = self.activation.backward(self.contexts["g"], dh)
        _, dw1, db1 = Linear.backward(self.contexts["first"], da)
        return dict(w1=dw1, b1=db1, w2=dw2, b2=db2)

    def step(self, gradients, lr):
        for name, gradient in gradients.items():
            self.params[name].add_(gradient, alpha=-lr)


def init_mlp(n, hidden, p, generator):
    w1 = torch.normal(0.0, 1 / math.sqrt(n), (n, hidden), generator=generator)
    w2 = torch.normal(0.0, 1 / math.sqrt(hidden), (hidden, p), generator=generator)
    return [w1, w1.new_zeros(hidden), w2, w2.new_zeros(p)]


def predict(params, x, activation):
    return Network(params, activation).forward(x)


def train_mlp(x, y, activation, params, lr, epochs) -> Tuple[List[torch.Tensor], List[float]]:
    net = Network(params, activation)
    history: List[float] = [0.0] * epochs
    for epoch in range(epochs):
        cost = net.cost(x, y)
        history[epoch] = cost.item()
        net.step(net.backward(torch.tensor(1.0)), lr)
    return list(net.params.values()), history


def distinct_units(params, tolerance: Optional[float] = 1e-4):
    w1, b1, w2, _ = params
    h = b1.numel()
    same = lambda i, j: (
        torch.allclose(w1[:, i], w1[:, j], rtol=0, atol=tolerance)
        and torch.allclose(b1[i], b1[j], rtol=0, atol=tolerance)
        and torch.allclose(w2[i], w2[j], rtol=0, atol=tolerance)
    )
    return sum(not any(same(i, j) for j in range(i)) for i in range(h))


def bar_chart(ax, names, costs, title):
    ax.bar_label(ax.bar(names, costs), labels=[f"{cost:.3f}" for cost in costs])
    ax.set(xlabel="model", ylabel="cost", title=title)
    ax.margins(y=0.15)
