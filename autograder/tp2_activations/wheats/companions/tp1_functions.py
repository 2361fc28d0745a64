"""What is left of lab 1: imported by lab 2."""

from torch.autograd import Function


class Context:
    def __init__(self):
        self.saved_tensors = ()

    def save_for_backward(self, *args):
        self.saved_tensors = args


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.size(0)

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        grad = 2 / yhat.size(0) * (yhat - y) * grad_output
        return grad, -grad


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x.mm(w) + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output.mm(w.T), x.T.mm(grad_output), grad_output.sum(0)
