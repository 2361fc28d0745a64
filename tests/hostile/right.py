"""What every case may build on: the line `#right` in a case stands for this text, without its docstring."""

import torch
from torch.autograd import Function


def double(x):
    return 2 * x


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 2 * x * grad_output


def follow(x):
    return Square.apply(x) + 1


def train(x, y, batch_size, epochs, lr):
    w, b = x.new_zeros(x.shape[1], 1), x.new_zeros(1)
    history = []
    for _ in range(epochs):
        costs = []
        for i in range(0, len(x), batch_size):
            xb, yb = x[i : i + batch_size], y[i : i + batch_size]
            residual = xb @ w + b - yb
            costs.append((residual**2).sum().item() / len(xb))
            w = w - lr * 2 * xb.T @ residual / len(xb)
            b = b - lr * 2 * residual.sum(0) / len(xb)
        history.append(sum(costs) / len(costs))
    return w, b, history
