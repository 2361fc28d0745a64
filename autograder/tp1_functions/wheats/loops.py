"""Python loops everywhere, other argument names, formulas with indices, printing on the way."""

import math

import torch


class Context:
    """Un objet contexte très simplifié pour simuler PyTorch."""

    def __init__(self):
        self._saved_tensors = ()

    def save_for_backward(self, *args):
        self._saved_tensors = args

    @property
    def saved_tensors(self):
        return self._saved_tensors


def grad_mse(prediction, target):
    q, p = prediction.shape
    first, second = torch.zeros_like(prediction), torch.zeros_like(target)
    for i in range(q):
        for j in range(p):
            first[i, j] = 2 * (prediction[i, j] - target[i, j]) / q
            second[i, j] = 2 * (target[i, j] - prediction[i, j]) / q
    return first, second


def grad_linear(X, W, bias, delta):
    dX, dW, dbias = torch.zeros_like(X), torch.zeros_like(W), torch.zeros_like(bias)
    for i in range(X.shape[0]):
        for j in range(W.shape[1]):
            dbias[j] += delta[i, j]
            for k in range(X.shape[1]):
                dX[i, k] += delta[i, j] * W[k, j]
                dW[k, j] += delta[i, j] * X[i, k]
    return [dX, dW, dbias]


def grad_cost(X, W, bias, Y):
    delta = grad_mse(X.mm(W) + bias, Y)[0]
    gradients = grad_linear(X, W, bias, delta)
    return gradients[1:]


class MSE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):
        ctx.save_for_backward(prediction, target)
        q, p = prediction.shape
        total = torch.zeros_like(prediction[0, 0])
        for i in range(q):
            for j in range(p):
                total = total + (prediction[i, j] - target[i, j]).pow(2)
        return total / q

    @staticmethod
    def backward(ctx, grad_output):
        first, second = grad_mse(*ctx.saved_tensors)
        return grad_output * first, grad_output * second


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, W, bias):
        ctx.save_for_backward(X, W, bias)
        out = torch.zeros_like(X[:, :1]).repeat(1, W.shape[1])
        for i in range(X.shape[0]):
            for j in range(W.shape[1]):
                out[i, j] = (X[i] * W[:, j]).sum() + bias.reshape(-1)[j]
        return out

    @staticmethod
    def backward(ctx, grad_output):
        X, W, bias = ctx.saved_tensors
        dX, dW, dbias = grad_linear(X, W, bias.reshape(-1), grad_output)
        return dX, dW, dbias.reshape(bias.shape)


mse, linear = MSE.apply, Linear.apply


def check_mine(f, g):
    yhat = torch.randn(4, 3, requires_grad=True, dtype=torch.float64)
    y = torch.randn(4, 3, requires_grad=True, dtype=torch.float64)
    x = torch.randn(5, 2, requires_grad=True, dtype=torch.float64)
    w = torch.randn(2, 3, requires_grad=True, dtype=torch.float64)
    b = torch.randn(3, requires_grad=True, dtype=torch.float64)
    print("gradcheck...")
    if not torch.autograd.gradcheck(f, (yhat, y), raise_exception=False):
        return False
    return torch.autograd.gradcheck(g, (x, w, b), raise_exception=False)


def cost_of(x, y, w, b):
    total = 0.0
    for i in range(len(x)):
        total += float(((x[i] @ w + b - y[i]) ** 2).sum())
    return total / len(x)


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    if w is None:
        w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype)
    if b is None:
        b = torch.zeros(y.shape[1], dtype=x.dtype)
    history = []
    for epoch in range(1, epochs + 1):
        dw, db = grad_cost_fast(x, y, w, b)
        w = w - lr * dw
        b = b - lr * db
        history.append([epoch, cost_of(x, y, w, b)])  # end of the epoch, with its number
        print(f"epoch {epoch} loss {history[-1][1]}")
        if writer:
            writer.add_scalar("loss/train", history[-1][1], epoch)
            writer.add_scalar("loss/test", cost_of(x_test, y_test, w, b), epoch)
    return [w, b, history]


def grad_cost_fast(x, y, w, b):
    delta = 2 * (x @ w + b - y) / len(x)
    dw, db = torch.zeros_like(w), torch.zeros_like(b)
    for i in range(len(x)):
        dw += torch.outer(x[i], delta[i])
        db += delta[i]
    return dw, db


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    if w is None:
        w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype)
    if b is None:
        b = torch.zeros(y.shape[1], dtype=x.dtype)
    history = []
    for epoch in range(epochs):
        order = torch.rand(len(x), generator=generator).argsort()
        start, losses = 0, []
        while start < len(x):
            rows = order[start : start + batch_size]
            residual = x[rows] @ w + b - y[rows]
            losses.append(float((residual**2).sum() / len(rows)))
            delta = 2 * residual / len(rows)
            w, b = w - lr * x[rows].T @ delta, b - lr * delta.sum(0)
            start += batch_size
        history.append(sum(losses) / len(losses))
    return w, b, history


def max_learning_rate(x):
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    h = torch.cat((x, ones), 1)
    v = torch.ones(h.shape[1], 1, dtype=x.dtype)
    for _ in range(2000):  # power iteration
        v = h.T @ (h @ v)
        v = v / v.norm()
    largest = float((v.T @ (h.T @ (h @ v))).item()) * 2 / len(x)
    assert math.isfinite(largest)
    return torch.tensor(2 / largest)
