"""Types and dataclasses, cached properties, einsum, match, early stopping with deepcopy, one helper for all pointwise modules."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(eq=False)
class Param:
    data: Tensor
    grad: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.grad = torch.zeros_like(self.data)


class Module:
    training: bool = True

    def __call__(self, *inputs: Tensor) -> Tensor:
        return self.forward(*inputs)

    def parameters(self) -> list[Param]:
        return []

    def zero_grad(self) -> None:
        for param in self.parameters():
            param.grad = torch.zeros_like(param.data)

    def train(self, mode: bool = True) -> Module:
        self.training = mode
        return self

    def eval(self) -> Module:
        return self.train(False)


def perceptron_cost(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (-(x @ w + b) * y).clamp(min=0).mean()


def perceptron_grad(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    q, wrong = len(x), ((x @ w + b) * y).squeeze(1) <= 0
    xs, ys = x[wrong], y[wrong]
    return -torch.einsum("qn,qp->np", xs, ys) / q, -ys.sum(0) / q


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = torch.zeros(x.shape[1], 1, dtype=x.dtype, device=x.device) if w is None else w
    b = torch.zeros(1, dtype=x.dtype, device=x.device) if b is None else b
    for _ in range(epochs):
        w, b = (p - lr * d for p, d in zip((w, b), perceptron_grad(x, w, b, y)))
    return w, b


class Linear(Module):
    def __init__(self, n: int, p: int, generator: torch.Generator | None = None) -> None:
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = x
        return torch.einsum("qn,np->qp", x, self.w.data) + self.b.data

    def backward(self, delta):
        self.w.grad = self.w.grad + torch.einsum("qn,qp->np", self.x, delta)
        self.b.grad = self.b.grad + torch.einsum("qp->p", delta)
        return torch.einsum("qp,np->qn", delta, self.w.data)


class Pointwise(Module):
    function: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]  # of the output

    def forward(self, x):
        self.out = self.function(x)
        return self.out

    def backward(self, delta):
        return delta * self.slope(self.out)


class Tanh(Pointwise):
    function = staticmethod(torch.tanh)
    slope = staticmethod(lambda out: 1 - out**2)


class Sigmoid(Pointwise):
    function = staticmethod(torch.sigmoid)
    slope = staticmethod(lambda out: out * (1 - out))


class ReLU(Pointwise):
    function = staticmethod(torch.relu)
    slope = staticmethod(lambda out: out > 0)


class LogSoftmax(Module):
    def forward(self, x):
        shifted = x - x.max(dim=1, keepdim=True).values
        exps = shifted.exp()
        total = exps.sum(dim=1, keepdim=True)
        self.probabilities = exps / total
        return shifted - total.log()

    def backward(self, delta):
        return delta - torch.einsum("qk,qj->qk", self.probabilities, delta)


class MSE(Module):
    def forward(self, yhat, y):
        self.gap = yhat - y
        return torch.einsum("ij,ij", self.gap, self.gap) / len(y)

    def backward(self):
        return self.gap * 2 / len(self.gap)


class NLL(Module):
    def forward(self, yhat, y):
        self.shape, self.rows, self.like = yhat.shape, y, yhat
        return -yhat.gather(1, y[:, None]).mean()

    def backward(self):
        gradient = self.like.new_zeros(self.shape)
        return gradient.scatter_(1, self.rows[:, None], -1 / self.shape[0])


class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        entropy = torch.where(y > 0, y * torch.where(y > 0, y, torch.ones_like(y)).log(), torch.zeros_like(y))
        return (entropy - y * yhat).sum(1).mean()

    def backward(self):
        return -self.y / len(self.y)


class Sequential(Module):
    def __init__(self, *modules: Module) -> None:
        self.modules = modules

    def train(self, mode=True):
        for module in self.modules:
            module.train(mode)
        return super().train(mode)

    def parameters(self):
        return [param for module in self.modules for param in module.parameters()]

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x

    def backward(self, delta):
        for module in self.modules[::-1]:
            delta = module.backward(delta)
        return delta


@dataclass
class SGD:
    params: Iterable[Param]
    lr: float

    def __post_init__(self):
        self.params = list(self.params)

    def step(self):
        for param in self.params:
            param.data = param.data - self.lr * param.grad


def batches(x, y, size: int, generator) -> Iterable[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(x), generator=generator)
    return zip(x[order].split(size), y[order].split(size), strict=True)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history: list[float] = []
    for _ in range(epochs):
        met = 0.0
        for xb, yb in batches(x, y, batch_size or len(x), generator):
            met += loss(net(xb), yb).item() * len(xb)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(met / len(x))
        match stop:
            case None:
                continue
            case _ if stop():
                break
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator
        self.scale: Tensor | float = 1.0

    def forward(self, x):
        self.scale = 1.0
        if self.training:
            keep = torch.empty(x.shape, dtype=x.dtype).bernoulli_(1 - self.p, generator=self.generator)
            self.scale = keep.to(x.device) / (1 - self.p)
        return x * self.scale

    def backward(self, delta):
        return delta * self.scale


@dataclass
class EarlyStopping:
    patience: int
    lowest: float = math.inf
    waited: int = 0
    best: list[tuple[Param, Tensor]] = field(default_factory=list)

    def step(self, loss: float, params: Sequence[Param]) -> bool:
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            self.best = [(param, copy.deepcopy(param.data)) for param in params]
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self) -> None:
        for param, data in self.best:
            param.data = data.clone()
