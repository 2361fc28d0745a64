"""What can be differentiated by hand: imported by main.py, and by nobody else."""

import torch
from torch.autograd import Function, gradcheck


class Context:
    """A notebook's context, for calls by hand."""

    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = (True, True, True)

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


def grad_mse(yhat, y):
    rows = yhat.size(0)
    return 2 * (yhat - y) / rows, 2 * (y - yhat) / rows


def grad_linear(x, w, b, grad_output):
    return torch.mm(grad_output, w.t()), torch.mm(x.t(), grad_output), torch.sum(grad_output, dim=0)


def grad_cost(x, w, b, y):
    dyhat, _ = grad_mse(torch.mm(x, w) + b, y)
    _, dw, db = grad_linear(x, w, b, dyhat)
    return dw, db


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return torch.sum((yhat - y) ** 2) / yhat.size(0)

    @staticmethod
    def backward(ctx, grad_output):
        dyhat, dy = grad_mse(*ctx.saved_tensors)
        return grad_output * dyhat, grad_output * dy


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return torch.mm(x, w) + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        dx, dw, db = grad_linear(x, w, b, grad_output)
        return dx, dw, db.view(b.size())


mse, linear = MSE.apply, Linear.apply


def check_mine(mse, linear):
    def numbers(*shape):
        return torch.rand(*shape, dtype=torch.float64, requires_grad=True)

    return gradcheck(mse, (numbers(4, 3), numbers(4, 3))) and gradcheck(linear, (numbers(4, 2), numbers(2, 3), numbers(3)))
