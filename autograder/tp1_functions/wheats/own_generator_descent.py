"""Dataclass, generators, walrus, match and partial; one descent for all three algorithms; DataLoader for the batches."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch.autograd import Function, gradcheck
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Context:
    saved_tensors: tuple = ()
    needs_input_grad: tuple = field(default_factory=lambda: (True,) * 8)

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.diff = yhat - y
        return ctx.diff.pow(2).sum().div(len(yhat))

    @staticmethod
    def backward(ctx, grad_output):
        return (g := grad_output * 2 * ctx.diff / ctx.diff.size(0)), -g


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.inputs = (x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.inputs
        return grad_output @ w.mT, x.mT @ grad_output, grad_output.sum_to_size(b.shape)


mse = MSE.apply
linear = Linear.apply


def chain(x, w, b, y):
    """Forward, then a function that goes back."""
    ctxs = Context(), Context()
    cost = MSE.forward(ctxs[1], Linear.forward(ctxs[0], x, w, b), y)

    def back():
        dyhat, *_ = MSE.backward(ctxs[1], torch.ones_like(cost))
        return Linear.backward(ctxs[0], dyhat)[1:]

    return cost, back


def grad_mse(yhat, y):
    return tuple(sign * 2 / len(yhat) * (yhat - y) for sign in (1, -1))


def grad_linear(x, w, b, grad_output):
    match b.dim():
        case 1:
            db = grad_output.sum(0)
        case _:
            db = grad_output.sum(0, keepdim=True)
    return grad_output @ w.T, x.T @ grad_output, db


def grad_cost(x, w, b, y):
    _, back = chain(x, w, b, y)
    return back()


def check_mine(mse, linear):
    sizes = {mse: ((10, 5), (10, 5)), linear: ((13, 5), (5, 7), (7,))}
    return all(
        gradcheck(f, tuple(torch.randn(s, dtype=torch.double, requires_grad=True) for s in shapes))
        for f, shapes in sizes.items()
    )


def descent(x, y, lr, w, b, batches) -> Iterator[tuple]:
    """Yield the parameters and the cost at the start of each epoch, for ever."""
    w = torch.zeros_like(x[:1].T @ y[:1]) if w is None else w
    b = torch.zeros_like(y[0]) if b is None else b
    while True:
        yield w, b, chain(x, w, b, y)[0].item()
        for xb, yb in batches():
            dw, db = chain(xb, w, b, yb)[1]()
            w, b = w - lr * dw, b - lr * db


def run(steps, epochs):
    states = list(itertools.islice(steps, epochs + 1))
    w, b, _ = states[-1]
    return w, b, [cost for *_, cost in states[:-1]]


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    history = []
    for epoch, (w, b, cost) in enumerate(descent(x, y, lr, w, b, lambda: [(x, y)])):
        if epoch == epochs:
            return w, b, history
        history.append(cost)
        if writer is None:
            continue
        writer.add_scalar("Loss/train", cost, global_step=epoch)
        if x_test is not None and y_test is not None:
            writer.add_scalar("Loss/test", chain(x_test, w, b, y_test)[0], global_step=epoch)


def max_learning_rate(x):
    xx = torch.nn.functional.pad(x, (0, 1), value=1.0)
    return (len(x) / torch.linalg.matrix_norm(xx, ord=2) ** 2).item()


def stochastic(x, y, lr, epochs, w, b, generator, size):
    loader = DataLoader(TensorDataset(x, y), batch_size=size, shuffle=True, generator=generator, drop_last=False)
    return run(descent(x, y, lr, w, b, loader.__iter__), epochs)


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    one_by_one = partial(stochastic, size=1)
    return one_by_one(x, y, lr, epochs, w, b, generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    return stochastic(x, y, lr, epochs, w, b, generator, batch_size)
