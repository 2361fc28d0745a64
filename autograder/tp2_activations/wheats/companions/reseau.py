"""The activations and the network, in a file of their own."""

import torch
from torch.autograd import Function

from tp1_functions import MSE, Context, Linear


class Tanh(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(torch.tanh(a))
        return ctx.saved_tensors[0] if isinstance(ctx, Context) else torch.tanh(a)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output - grad_output * ctx.saved_tensors[0] ** 2


class ReLU(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.mask = a.gt(0).to(a.dtype)
        return a * ctx.mask

    @staticmethod
    def backward(ctx, grad_output):
        return ctx.mask * grad_output


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.s = a.sigmoid()
        return ctx.s.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return ctx.s.mul(1 - ctx.s).mul(grad_output)


class Reseau:
    """One hidden layer; `pas` makes one step of gradient descent."""

    def __init__(self, params, activation):
        self.w1, self.b1, self.w2, self.b2 = [p.clone() for p in params]
        self.activation = activation

    def sorties(self, x):
        self.contexts = [Context() for _ in range(3)]
        a = Linear.forward(self.contexts[0], x, self.w1, self.b1)
        h = self.activation.forward(self.contexts[1], a)
        return Linear.forward(self.contexts[2], h, self.w2, self.b2)

    def pas(self, x, y, lr):
        ctx = Context()
        loss = MSE.forward(ctx, self.sorties(x), y)
        dh, dw2, db2 = Linear.backward(self.contexts[2], MSE.backward(ctx, 1.0)[0])
        _, dw1, db1 = Linear.backward(self.contexts[0], self.activation.backward(self.contexts[1], dh))
        self.w2, self.b2 = self.w2 - lr * dw2, self.b2 - lr * db2
        self.w1, self.b1 = self.w1 - lr * dw1, self.b1 - lr * db1
        return float(loss)
