"""In-place updates and grad.zero_(), einsum, a bias of one row, DataLoader, one class for all activations."""

import copy
from functools import reduce

import torch
from torch.utils.data import DataLoader, TensorDataset


def perceptron_cost(x, w, b, y):
    f = torch.einsum("qn,np->qp", x, w) + b
    return torch.relu(-f * y).sum() / y.numel()


def perceptron_grad(x, w, b, y):
    predicted = (x.mm(w) + b).sign()  # 0 is neither -1 nor 1
    wrong = (predicted != y).to(x.dtype)
    return torch.einsum("qn,qp->np", x, -y * wrong).div(len(y)), torch.einsum("qp->p", -y * wrong).div(len(y))


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = torch.zeros_like(x[:1].T) if w is None else w.clone()
    b = torch.zeros_like(y[0]) if b is None else b.clone()
    for _ in range(epochs):
        gw, gb = perceptron_grad(x, w, b, y)
        w.sub_(gw, alpha=lr)
        b.sub_(gb, alpha=lr)
    return w, b


class Param:
    """A parameter and its gradient."""

    __slots__ = ("data", "grad")

    def __init__(self, data):
        self.data, self.grad = data, data * 0

    def __repr__(self):
        return f"Param{tuple(self.data.shape)}"


class Module:
    def __init__(self):
        self.training = True

    def __call__(self, *args):
        return self.forward(*args)

    def parameters(self):
        return []

    def zero_grad(self):
        [p.grad.zero_() for p in self.parameters()]

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, n, p, generator=None):
        super().__init__()
        self.w = Param(torch.randn(n, p, generator=generator).div_(n**0.5))
        self.b = Param(torch.zeros(1, p))

    def parameters(self):
        return (self.w, self.b)

    def forward(self, x):
        self.saved = x
        return torch.addmm(self.b.data, x, self.w.data)

    def backward(self, delta):
        self.w.grad.add_(torch.einsum("qn,qp->np", self.saved, delta))
        self.b.grad.add_(delta.sum(dim=0, keepdim=True))
        return torch.einsum("qp,np->qn", delta, self.w.data)


class Activation(Module):
    """A function, and its derivative as a function of (input, output)."""

    f = df = None

    def forward(self, x):
        self.x, self.z = x, self.f(x)
        return self.z

    def backward(self, delta):
        return self.df(self.x, self.z).mul(delta)


class Tanh(Activation):
    f = staticmethod(torch.tanh)
    df = staticmethod(lambda x, z: (1 - z) * (1 + z))


class Sigmoid(Activation):
    f = staticmethod(lambda x: 0.5 * (1 + torch.tanh(x / 2)))
    df = staticmethod(lambda x, z: z - z.square())


class ReLU(Activation):
    f = staticmethod(lambda x: torch.maximum(x, x.new_zeros(())))
    df = staticmethod(lambda x, z: z.sign())


class LogSoftmax(Module):
    def forward(self, x):
        top = x.amax(dim=1, keepdim=True)
        e = torch.exp(x - top)
        self.softmax = e / e.sum(dim=1, keepdim=True)
        return x - (top + e.sum(dim=1, keepdim=True).log())

    def backward(self, delta):
        return delta - torch.einsum("qk,q->qk", self.softmax, delta.sum(-1))


class Loss(Module):
    def forward(self, yhat, y):
        self.saved = yhat, y
        return self.each(yhat, y).sum() / yhat.size(0)

    def backward(self):
        yhat, y = self.saved
        return self.slope(yhat, y) / yhat.size(0)


class MSE(Loss):
    def each(self, yhat, y):
        return (y - yhat).square()

    def slope(self, yhat, y):
        return -2 * (y - yhat)


class NLL(Loss):
    def one_hot(self, yhat, y):
        return torch.nn.functional.one_hot(y, yhat.size(1)).to(yhat.dtype)

    def each(self, yhat, y):
        return -yhat.gather(1, y.unsqueeze(1))

    def slope(self, yhat, y):
        return -self.one_hot(yhat, y)


class KLDiv(Loss):
    def each(self, yhat, y):
        return torch.where(y > 0, y * (y.clamp(min=1e-300 if y.dtype == torch.float64 else 1e-38).log() - yhat), 0)

    def slope(self, yhat, y):
        return y.neg()


class Sequential(Module):
    def __init__(self, *modules):
        super().__init__()
        self.modules = modules

    def parameters(self):
        return sum([list(m.parameters()) for m in self.modules], [])

    def train(self, mode=True):
        for m in self.modules:
            m.train(mode)
        return Module.train(self, mode)

    def forward(self, x):
        return reduce(lambda value, module: module(value), self.modules, x)

    def backward(self, delta):
        return reduce(lambda value, module: module.backward(value), self.modules[::-1], delta)


class SGD:
    def __init__(self, params, lr=0.1):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size or len(x), shuffle=True, generator=generator)
    history = []
    for _ in range(epochs):
        losses = []
        for xb, yb in loader:
            losses.append(loss(net(xb), yb))
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(torch.stack(losses).mean().item())
        if stop is not None and stop():
            break
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        super().__init__()
        self.p, self.generator = p, generator

    def forward(self, x):
        self.scale = 1.0
        if self.training:
            keep = torch.empty(x.shape).bernoulli_(1 - self.p, generator=self.generator)
            self.scale = keep.to(x) / (1 - self.p)
        return x * self.scale

    def backward(self, delta):
        return delta * self.scale


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, None, 0

    def step(self, loss, params):
        if loss == loss and (self.best is None or loss < self.best[0]):
            self.best, self.bad = (loss, params, copy.deepcopy([p.data for p in params])), 0
        else:
            self.bad += 1
        return self.bad == self.patience

    def restore(self):
        _, params, saved = self.best
        for p, data in zip(params, saved):
            p.data.copy_(data)
