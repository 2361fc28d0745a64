#!/usr/bin/env python3
"""TP5 -- Daniel Kim. Modules with one `backward`, written around one table of functions and derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

import torch
from torch import Tensor


def perceptron_cost(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return torch.nn.functional.relu(-(x @ w + b) * y).mean()


def perceptron_grad(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    coefficient = torch.where((x @ w + b) * y > 0, torch.zeros_like(y), -y) / y.shape[0]
    return (x * coefficient).sum(0).unsqueeze(1), coefficient.sum(0)


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    theta = [w, b]
    if w is None:
        theta[0] = x.new_zeros((x.size(1), 1))
    if b is None:
        theta[1] = x.new_zeros(1)
    for _ in range(epochs):
        theta = [p - lr * g for p, g in zip(theta, perceptron_grad(x, *theta, y))]
    return tuple(theta)


@dataclass(eq=False)
class Param:
    data: Tensor
    grad: Tensor = None

    def __post_init__(self):
        self.grad = torch.zeros_like(self.data) if self.grad is None else self.grad


class Module:
    training: bool = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self) -> list[Param]:
        return []

    def zero_grad(self) -> None:
        for param in self.parameters():
            param.grad.fill_(0)

    def train(self, mode: bool = True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, n: int, p: int, generator=None):
        self.w, self.b = Param(torch.empty(n, p).normal_(0, n**-0.5, generator=generator)), Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.einsum("qn,np->qp", x, self.w.data) + self.b.data

    def backward(self, delta: Tensor) -> Tensor:
        ones = torch.ones_like(delta[:, :1])
        for param, left in ((self.w, self.x), (self.b, ones)):
            param.grad = param.grad + (left.T @ delta).reshape(param.data.shape)
        return torch.einsum("qp,np->qn", delta, self.w.data)


def pointwise(name: str, function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> type[Module]:
    """Make a module of a function and of its derivative as a function of the output."""

    def forward(self, x):
        self.out = function(x)
        return self.out

    def backward(self, delta):
        return slope(self.out) * delta

    return type(name, (Module,), {"forward": forward, "backward": backward})


Tanh = pointwise("Tanh", torch.tanh, lambda z: 1 - z.square())
Sigmoid = pointwise("Sigmoid", torch.sigmoid, lambda z: z * (1 - z))
ReLU = pointwise("ReLU", torch.relu, lambda z: (z > 0).to(z.dtype))


class LogSoftmax(Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x - x.amax(1, True)
        z = x.exp()
        self.probabilities = z / z.sum(1, True)
        return x - z.sum(1, True).log()

    def backward(self, delta: Tensor) -> Tensor:
        return delta - self.probabilities * delta.sum(1, True)


class MSE(Module):
    def forward(self, yhat, y):
        self.gap = yhat - y
        return self.gap.square().sum(1).mean()

    def backward(self):
        return self.gap * (2 / self.gap.shape[0])


class NLL(Module):
    def forward(self, yhat, y):
        self.chosen = torch.arange(yhat.shape[1], device=y.device) == y[:, None]
        self.like = yhat
        return -yhat[self.chosen].mean()

    def backward(self):
        return -self.chosen.to(self.like.dtype) / len(self.chosen)


class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        return -(torch.special.entr(y) + y * yhat).sum(1).mean()

    def backward(self):
        return self.y / -self.y.shape[0]


class Sequential(Module):
    def __init__(self, *modules: Module):
        self.chain = modules

    def parameters(self):
        return [*(param for module in self.chain for param in module.parameters())]

    def train(self, mode: bool = True):
        [module.train(mode) for module in self.chain]
        return super().train(mode)

    def forward(self, x):
        for module in self.chain:
            x = module(x)
        return x

    def backward(self, delta):
        for module in self.chain[::-1]:
            delta = module.backward(delta)
        return delta


@dataclass
class SGD:
    params: list[Param]
    lr: float

    def step(self) -> None:
        for param in self.params:
            param.data = torch.add(param.data, param.grad, alpha=-self.lr)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None) -> list[float]:
    history = []
    while len(history) < epochs:
        losses = []
        for rows in torch.utils.data.BatchSampler(
            torch.utils.data.RandomSampler(x, generator=generator), batch_size or len(x), drop_last=False
        ):
            net.zero_grad()
            losses.append(loss(net(x[rows]), y[rows]).item())
            net.backward(loss.backward())
            optimizer.step()
        history.append(sum(losses) / len(losses))
        if stop and stop():
            break
    return history


class Dropout(Module):
    def __init__(self, p: float, generator=None):
        self.p, self.generator, self.factor = p, generator, 1.0

    def forward(self, x):
        self.factor = 1.0
        if self.training:
            self.factor = (torch.rand(x.shape, generator=self.generator) > self.p).to(x).div(1 - self.p)
        return x * self.factor

    def backward(self, delta):
        return delta * self.factor


@dataclass
class EarlyStopping:
    patience: int
    best: float = float("inf")
    bad: int = 0
    copies: list = field(default_factory=list)

    def step(self, loss: float, params: list[Param]) -> bool:
        better = loss < self.best
        self.bad = 0 if better else self.bad + 1
        if better:
            self.best, self.copies = loss, [(param, param.data.clone()) for param in params]
        return self.bad >= self.patience

    def restore(self) -> None:
        for param, data in self.copies:
            param.data = data.clone()


if __name__ == "__main__":
    net = Sequential(Linear(2, 4), Tanh(), Linear(4, 1))
    points, labels = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[-1.0], [1], [1], [-1]])
    print("XOR", fit(net, MSE(), SGD(net.parameters(), 0.1), points, labels, 500)[-1], net(points).flatten().tolist())
