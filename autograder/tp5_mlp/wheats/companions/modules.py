"""Les modules, dans un fichier à part (habitude du projet de M1)."""

import numpy as np
import torch


class Param:
    def __init__(self, data):
        self.data = data
        self.grad = torch.zeros_like(data)


class Module(object):
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def forward(self, *inputs):
        raise NotImplementedError

    def parameters(self):
        return []

    def zero_grad(self):
        """Annule les gradients."""
        for p in self.parameters():
            p.grad = 0 * p.grad

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / np.sqrt(n))
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self._x = x
        return torch.mm(x, self.w.data) + self.b.data

    def backward_update_gradient(self, delta):
        self.w.grad = self.w.grad + torch.mm(self._x.t(), delta)
        self.b.grad = self.b.grad + delta.sum(axis=0)

    def backward_delta(self, delta):
        return torch.mm(delta, self.w.data.t())

    def backward(self, delta):
        self.backward_update_gradient(delta)
        return self.backward_delta(delta)


class Tanh(Module):
    def forward(self, x):
        self._x = x
        return torch.tanh(x)

    def backward(self, delta):
        return (1 - torch.tanh(self._x) ** 2) * delta


class Sigmoid(Module):
    def forward(self, x):
        self._out = 1.0 / (1.0 + torch.exp(-x))
        return self._out

    def backward(self, delta):
        return self._out * (1 - self._out) * delta


class Relu(Module):
    def forward(self, x):
        self._x = x
        return x * (x > 0)

    def backward(self, delta):
        return torch.where(self._x > 0, delta, torch.zeros_like(delta))


class LogSoftMax(Module):
    def forward(self, x):
        m, _ = torch.max(x, dim=1, keepdim=True)
        self._x = x - m
        self._norm = torch.sum(torch.exp(self._x), dim=1, keepdim=True)
        return self._x - torch.log(self._norm)

    def backward(self, delta):
        soft = torch.exp(self._x) / self._norm
        return delta - soft * torch.sum(delta, dim=1, keepdim=True)


class MSELoss(Module):
    def forward(self, yhat, y):
        self._yhat, self._y = yhat, y
        return torch.linalg.norm(yhat - y) ** 2 / yhat.shape[0]

    def backward(self):
        return 2.0 / self._y.shape[0] * (self._yhat - self._y)


class NLLLoss(Module):
    def forward(self, yhat, y):
        one_hot = torch.zeros_like(yhat)
        one_hot[torch.arange(len(y)), y] = 1
        self._one_hot = one_hot
        return -(one_hot * yhat).sum(1).mean()

    def backward(self):
        return -self._one_hot / self._one_hot.shape[0]


class KLDivLoss(Module):
    def forward(self, yhat, y):
        self._y = y
        entropy = torch.nan_to_num(y * torch.log(y), nan=0.0)
        return (entropy - y * yhat).sum(1).mean(0)

    def backward(self):
        return -(1 / len(self._y)) * self._y
