import torch
from torch.autograd import Function


class Context:
    def __init__(self):
        self._saved_tensors = ()

    def save_for_backward(self, *args):
        self._saved_tensors = args

    @property
    def saved_tensors(self):
        return self._saved_tensors


class Noted(Function):
    """What my Functions share: a context that is full after a forward by hand."""

    @classmethod
    def noted(cls, *inputs):
        ctx = Context()
        cls.forward(ctx, *inputs)
        return ctx


class MSE(Noted):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return torch.sum(torch.pow(yhat - y, 2)) / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        return grad_output * 2 * (yhat - y) / yhat.shape[0], grad_output * -2 * (yhat - y) / yhat.shape[0]


class Linear(Noted):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return torch.mm(x, w) + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        grad_x = torch.mm(grad_output, w.t())
        grad_w = torch.mm(x.t(), grad_output)
        grad_b = grad_output.sum(0).reshape_as(b)
        return grad_x, grad_w, grad_b


mse = MSE.apply
linear = Linear.apply
