"""Closures that go back, Params found by themselves, DataLoader with a sampler, a metaclass-free registry, numpy-like operators."""

import functools
import math
import operator
import weakref

import torch
import torch.utils.data as data


class Param:
    def __init__(self, data):
        self.data = data
        self.grad = torch.zeros_like(data)

    def __iadd__(self, gradient):
        self.grad = self.grad + gradient
        return self


class Module:
    training = True
    names = ()

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return [thing for thing in vars(self).values() if isinstance(thing, Param)]

    def zero_grad(self):
        [param.grad.fill_(0) for param in self.parameters()]

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def backward(self, *delta):
        return self.back(*delta)


def perceptron_cost(x, w, b, y):
    return torch.relu(-(x.mm(w) + b).mul(y)).mean()


def perceptron_grad(x, w, b, y):
    x1 = torch.cat((x, torch.ones_like(x[:, :1])), 1)
    wrong = torch.mm(x, w).add(b).mul(y).le(0)
    both = -(x1 * y * wrong).mean(0)
    return both[:-1, None], both[-1:]


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    def step(wb, _):
        return tuple(map(lambda p, d: p - d * lr, wb, perceptron_grad(x, *wb, y)))

    first = torch.zeros_like(x[:1].T) if w is None else w, torch.zeros_like(x[0, :1]) if b is None else b
    return functools.reduce(step, range(epochs), first)


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def forward(self, x):
        def back(delta):
            self.w += x.T @ delta
            self.b += delta.sum(0)
            return delta @ self.w.data.T

        self.back = back
        return x @ self.w.data + self.b.data


def pointwise(name, f):
    """f(x) gives the output and a function for the slope."""

    def forward(self, x):
        out, slope = f(x)
        self.back = lambda delta: delta * slope()
        return out

    return type(name, (Module,), {"forward": forward})


Tanh = pointwise("Tanh", lambda x: ((t := x.tanh()), lambda: 1 - t * t))
Sigmoid = pointwise("Sigmoid", lambda x: ((s := x.sigmoid()), lambda: s * (1 - s)))
ReLU = pointwise("ReLU", lambda x: (x.relu(), lambda: (x > 0).to(x.dtype)))


class LogSoftmax(Module):
    def forward(self, x):
        x = x - x.amax(1, keepdim=True)
        s = x - x.exp().sum(1, keepdim=True).log()
        self.back = lambda delta: delta - s.exp() * delta.sum(1, keepdim=True)
        return s


class MSE(Module):
    def forward(self, yhat, y):
        self.back = lambda: 2 / len(y) * (yhat - y)
        return (yhat - y).norm() ** 2 / len(y)


class NLL(Module):
    def forward(self, yhat, y):
        rows = torch.arange(len(y), device=y.device)

        def back():
            gradient = torch.zeros_like(yhat)
            gradient[rows, y] -= 1 / len(y)
            return gradient

        self.back = back
        return yhat[rows, y].neg().mean()


class KLDiv(Module):
    def forward(self, yhat, y):
        self.back = lambda: y.neg() / len(y)
        return (torch.xlogy(y, y) - y * yhat).sum(-1).mean()


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def train(self, mode=True):
        for module in self.modules:
            module.train(mode)
        return super().train(mode)

    def parameters(self):
        return functools.reduce(operator.iconcat, (module.parameters() for module in self.modules), [])

    def forward(self, x):
        return functools.reduce(lambda z, module: module.forward(z), self.modules, x)

    def back(self, delta):
        return functools.reduce(lambda d, module: module.backward(d), reversed(self.modules), delta)


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for param in self.params:
            param.data -= self.lr * param.grad


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    loader = data.DataLoader(
        data.TensorDataset(x, y), batch_size or len(x), sampler=data.RandomSampler(x, generator=generator)
    )
    history = []
    for _ in range(epochs):
        losses, sizes = [], []
        for inputs, targets in loader:
            losses.append(loss(net(inputs), targets).item())
            sizes.append(len(inputs))
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(sum(map(operator.mul, losses, sizes)) / sum(sizes))
        if stop and stop():
            return history
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        if not self.training:
            self.back = lambda delta: delta
            return x
        mask = (torch.rand(x.shape, generator=self.generator) >= self.p).to(x) / (1 - self.p)
        self.back = mask.mul
        return mask * x


class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.losses = []

    def step(self, loss, params):
        self.losses.append(math.inf if math.isnan(loss) else loss)
        best = self.losses.index(min(self.losses))
        if best == len(self.losses) - 1 and self.losses[-1] < math.inf:
            kept = [(weakref.ref(param), param.data.clone()) for param in params]
            self.restore = lambda: [ref().__setattr__("data", value.clone()) for ref, value in kept]
        waited = len(self.losses) - 1 - best if min(self.losses) < math.inf else len(self.losses)
        return waited >= self.patience

    def restore(self):
        """Be replaced at the first better epoch."""
