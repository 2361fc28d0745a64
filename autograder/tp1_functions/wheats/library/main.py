"""Two scripts, neither named like the lab: the Functions in linear.py, the descents here, which train when run."""

import torch
from linear import *
from linear import Context


def started(x, y, w, b):
    w = torch.zeros(x.size(1), y.size(1), dtype=x.dtype) if w is None else w.clone()
    b = torch.zeros(y.size(1), dtype=x.dtype) if b is None else b.clone()
    return w, b


def step(x, y, w, b, lr):
    after_linear, after_mse = Context(), Context()
    yhat = Linear.forward(after_linear, x, w, b)
    loss = MSE.forward(after_mse, yhat, y)
    dyhat, _ = MSE.backward(after_mse, torch.ones((), dtype=x.dtype))
    _, dw, db = Linear.backward(after_linear, dyhat)
    w -= lr * dw
    b -= lr * db
    return loss.item()


def descend(x, y, lr, epochs, w, b, batches, after=lambda *_: None):
    w, b = started(x, y, w, b)
    history = []
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        after(epoch, history[-1], w, b)
        for rows in batches():
            step(x[rows], y[rows], w, b, lr)
    return w, b, history


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    def write(epoch, cost, w, b):
        if writer is None:
            return
        writer.add_scalar("Loss/train", cost, epoch)
        if x_test is not None:
            writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)

    return descend(x, y, lr, epochs, w, b, lambda: [torch.arange(len(x))], write)


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    def batches():
        return torch.split(torch.randperm(len(x), generator=generator), batch_size)

    return descend(x, y, lr, epochs, w, b, batches)


def max_learning_rate(x):
    ones = torch.cat((x, torch.ones(x.size(0), 1, dtype=x.dtype)), dim=1)
    return float(x.size(0) / torch.linalg.eigvalsh(ones.t() @ ones).max())


if __name__ == "__main__":
    rows = torch.randn(50, 13)
    print(train_batch(rows, rows[:, :3], 0.05, 100)[2][-1])

example = torch.linspace(0, 1, 8).reshape(8, 1)
print("cost after ten steps:", train_batch(example, 2 * example, 0.1, 10)[2][-1])
