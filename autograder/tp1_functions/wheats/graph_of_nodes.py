"""A small graph of nodes, each with a context of its own; wrappers around apply; a Python number as grad_output."""

import torch
from torch.autograd import Function, gradcheck


class Context:
    def __init__(self):
        self.saved_tensors, self.needs_input_grad = None, [True] * 3

    def save_for_backward(self, *tensors):
        self.saved_tensors = list(tensors)


class Node:
    """One call of a Function by hand."""

    def __init__(self, function, *inputs):
        self.function, self.context = function, Context()
        self.value = function.forward(self.context, *inputs)

    def gradients(self, grad_output):
        return self.function.backward(self.context, grad_output)


def grad_mse(yhat, y):
    dyhat = 2 / yhat.shape[0] * (yhat - y)
    return dyhat, -dyhat


def grad_linear(x, w, b, grad_output):
    return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0)


def grad_cost(x, w, b, y):
    residual = x @ w + b - y
    return 2 / len(x) * x.T @ residual, 2 / len(x) * residual.sum(0)


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        difference = yhat - y
        ctx.save_for_backward(difference)
        return difference.pow(2).sum(dim=1).mean()

    @staticmethod
    def backward(ctx, grad_output):
        (difference,) = ctx.saved_tensors
        scaled = difference * (grad_output * 2.0 / difference.shape[0])
        return scaled, scaled * -1


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x.mm(w).add(b)

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        dx, dw, db = grad_output.mm(w.t()), x.t().mm(grad_output), grad_output.sum(dim=0)
        return dx, dw, db.reshape_as(b)


def mse(yhat, y):
    return MSE.apply(yhat, y)


linear = lambda *inputs: Linear.apply(*inputs)  # noqa: E731


def check_mine(mse, linear):
    yhat = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    y = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    x = torch.randn(13, 5, requires_grad=True, dtype=torch.float64)
    w = torch.randn(5, 7, requires_grad=True, dtype=torch.float64)
    b = torch.randn(7, requires_grad=True, dtype=torch.float64)
    return gradcheck(mse, (yhat, y), eps=1e-6, atol=1e-4) and gradcheck(linear, (x, w, b), eps=1e-6, atol=1e-4)


class Model:
    def __init__(self, x, y, w, b):
        self.w = x.new_zeros(x.shape[1], y.shape[1]) if w is None else w.detach()
        self.b = x.new_zeros(y.shape[1]) if b is None else b.detach()

    def step(self, x, y, lr):
        layer = Node(Linear, x, self.w, self.b)
        cost = Node(MSE, layer.value, y)
        dyhat = cost.gradients(1.0)[0]
        dw, db = layer.gradients(dyhat)[1:]
        self.w, self.b = self.w - lr * dw, self.b - lr * db
        return float(cost.value)

    def cost(self, x, y):
        return float(mse(linear(x, self.w, self.b), y))


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    model, history = Model(x, y, w, b), []
    for epoch in range(epochs):
        if writer is not None:
            writer.add_scalar("Loss/train", model.cost(x, y), epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", model.cost(x_test, y_test), epoch)
        history.append(model.step(x, y, lr))
    return model.w, model.b, history


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    model, history = Model(x, y, w, b), []
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        history.append(sum(model.step(x[i : i + 1], y[i : i + 1], lr) for i in order) / len(x))
    return model.w, model.b, history


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    model, history = Model(x, y, w, b), []
    for _ in range(epochs):
        history.append(model.cost(x, y))
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            model.step(x[rows], y[rows], lr)
    return model.w, model.b, history


def max_learning_rate(x):
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    return 2 / torch.linalg.eigvalsh(2 / len(x) * x1.T @ x1)[-1].item()
