"""A script: trains at module level under a guard, shuffles lists, debugs against autograd, shows plots."""

# -*- coding: utf-8 -*-
import logging
import sys

import matplotlib.pyplot as plt
import torch
from torch.autograd import Function, gradcheck
from torch.utils.tensorboard import SummaryWriter

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
torch.set_num_threads(8)


class Context(object):
    def __init__(self):
        self._saved_tensors = ()

    def save_for_backward(self, *args):
        self._saved_tensors = args

    @property
    def saved_tensors(self):
        return self._saved_tensors


class MSE(Function):
    """Début d'implementation de la fonction MSE"""

    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return 1 / y.size(0) * torch.linalg.norm(yhat - y) ** 2

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        q = y.size(0)
        return grad_output * (2 / q * yhat - 2 / q * y), grad_output * (2 / q * y - 2 / q * yhat)


class Linear(Function):
    @staticmethod
    def forward(ctx, X, W, b):
        ctx.save_for_backward(X, W, b)
        return torch.matmul(X, W) + b

    @staticmethod
    def backward(ctx, grad_output):
        X, W, b = ctx.saved_tensors
        grad_b = torch.ones(1, X.shape[0], dtype=X.dtype) @ grad_output
        return grad_output @ W.transpose(0, 1), X.transpose(0, 1) @ grad_output, grad_b.view(b.size()), None


mse = MSE.apply
linear = Linear.apply


def grad_mse(yhat, y):
    ctx = Context()
    MSE.forward(ctx, yhat, y)
    return MSE.backward(ctx, 1.0)


def grad_linear(x, w, b, grad_output):
    ctx = Context()
    Linear.forward(ctx, x, w, b)
    return Linear.backward(ctx, grad_output)[:3]


def grad_cost(x, w, b, y):
    ctx_linear, ctx_mse = Context(), Context()
    yhat = Linear.forward(ctx_linear, x, w, b)
    MSE.forward(ctx_mse, yhat, y)
    dyhat, _ = MSE.backward(ctx_mse, 1.0)
    return Linear.backward(ctx_linear, dyhat)[1:3]


# debugging: what autograd says
leaf = torch.randn(4, 3, requires_grad=True)
expected = torch.autograd.grad(((leaf - 1) ** 2).sum() / 4, leaf)[0]
logging.info("gap %s", (grad_mse(leaf.detach(), torch.ones(4, 3))[0] - expected).abs().max())


def check_mine(mse, linear):
    yhat = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    y = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    res_mse = gradcheck(mse, (yhat, y))
    X = torch.randn(13, 5, requires_grad=True, dtype=torch.float64)
    W = torch.randn(5, 7, requires_grad=True, dtype=torch.float64)
    b = torch.randn(7, requires_grad=True, dtype=torch.float64)
    return bool(res_mse and gradcheck(linear, (X, W, b)))


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w = torch.nn.Parameter(torch.zeros(x.size(1), y.size(1), dtype=x.dtype) if w is None else w.clone())
    b = torch.nn.Parameter(torch.zeros(y.size(1), dtype=x.dtype) if b is None else b.clone())
    history = []
    for n_iter in range(epochs):
        loss = mse(linear(x, w, b), y)
        history.append(loss.item())
        loss.backward()
        if writer is not None:
            writer.add_scalar("Loss/train", loss, n_iter)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test), n_iter)
        w.data -= lr * w.grad
        b.data -= lr * b.grad
        w.grad.data.zero_()
        b.grad.data.zero_()
    return w, b, history


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w = torch.zeros(x.size(1), y.size(1), dtype=x.dtype) if w is None else w
    b = torch.zeros(y.size(1), dtype=x.dtype) if b is None else b
    history = []
    for epoch in range(epochs):
        # Fisher-Yates, by hand
        order = list(range(len(x)))
        for i in range(len(order) - 1, 0, -1):
            j = int(torch.randint(i + 1, (1,), generator=generator))
            order[i], order[j] = order[j], order[i]
        total = 0
        for k in range(0, len(order), batch_size):
            batch = order[k : k + batch_size]
            dw, db = grad_cost(x[batch], w, b, y[batch])
            total += mse(x[batch] @ w + b, y[batch]).item() * len(batch)
            w, b = w - lr * dw, b - lr * db
        history.append(total / len(x))
    return w, b, history


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def max_learning_rate(x):
    X1 = torch.hstack([x, torch.ones(x.size(0), 1, dtype=x.dtype)])
    return 1 / torch.linalg.matrix_norm(X1.T @ X1 / x.size(0), 2)


def main():
    x, y = torch.randn(50, 13), torch.randn(50, 3)
    writer = SummaryWriter()
    w, b, history = train_batch(x, y, 0.05, 100, x_test=x, y_test=y, writer=writer)
    writer.close()
    plt.plot(history)
    plt.show()


if __name__ == "__main__":
    main()
