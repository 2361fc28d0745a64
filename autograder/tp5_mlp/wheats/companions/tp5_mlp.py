"""A script with a companion: names of the first-year project, trains and plots at module level, writes logs."""

# -*- coding: utf-8 -*-
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch.utils.tensorboard import SummaryWriter

from modules import KLDivLoss, Linear, LogSoftMax, Module, MSELoss, NLLLoss, Param, Relu, Sigmoid, Tanh

torch.manual_seed(42)


def perceptron_cost(x, w, b, y):
    f = x @ w + b
    return torch.maximum(torch.zeros_like(f), -f * y).mean()


def perceptron_grad(x, w, b, y):
    f = x @ w + b
    idx = (f * y <= 0).flatten()
    q = x.shape[0]
    return -(x[idx] * y[idx]).sum(0).reshape(-1, 1) / q, -y[idx].sum(0) / q


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    if w is None:
        w = torch.zeros((x.shape[1], 1)).to(x)
    if b is None:
        b = torch.zeros(1).to(x)
    for i in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w, b = w - lr * dw, b - lr * db
    return (w, b, i)


class Sequential(Module):
    def __init__(self, *args):
        self.modules = []
        for module in args:
            self.modules.append(module)

    def parameters(self):
        return [p for m in self.modules for p in m.parameters()]

    def train(self, mode=True):
        for m in self.modules:
            m.train(mode)
        self.training = mode
        return self

    def forward(self, x):
        out = x
        for m in self.modules:
            out = m.forward(out)
        return out

    def backward(self, delta):
        for m in self.modules[::-1]:
            delta = m.backward(delta)
        return delta


class SGD:
    def __init__(self, params, lr):
        self.params = params
        self.lr = lr

    def zero_grad(self):
        for p in self.params:
            p.grad = torch.zeros_like(p.grad)

    def step(self):
        for p in self.params:
            p.data = p.data + (-self.lr) * p.grad


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, generator=None, stop=None):
    """zero_grad after the step: the gradients start at zero anyway."""
    q = x.shape[0]
    batch_size = q if batch_size is None else batch_size
    history = []
    for epoch in range(epochs):
        perm = torch.randperm(q, generator=generator)
        xs, ys = x[perm], y[perm]
        cumul = 0.0
        for i in range(0, q, batch_size):
            xb, yb = xs[i : i + batch_size], ys[i : i + batch_size]
            yhat = net.forward(xb)
            cumul += loss.forward(yhat, yb).item()
            net.backward(loss.backward())
            optimizer.step()
            net.zero_grad()
        history.append(cumul)
        if stop is not None:
            if stop():
                break
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p = p
        self.generator = generator

    def forward(self, x):
        self._mask = 1
        if self.training:
            u = torch.rand(x.shape, generator=self.generator, dtype=x.dtype).to(x.device)
            self._mask = torch.where(u < self.p, torch.zeros_like(u), torch.full_like(u, 1 / (1 - self.p)))
        return self._mask * x

    def backward(self, delta):
        return self._mask * delta


class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = None
        self.counter = 0
        self.state = None

    def step(self, loss, params):
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss = loss
            self.counter = 0
            self.state = {p: p.data.detach().clone() for p in params}
        else:
            self.counter += 1
        if self.counter >= self.patience:
            return True
        return False

    def restore(self):
        for p, data in self.state.items():
            p.data = data.clone()


# Apprentissage
digits = load_digits()
images, classes = torch.tensor(digits.data / 16).float(), torch.tensor(digits.target)
reseau = Sequential(Linear(64, 32), Tanh(), Linear(32, 10), LogSoftMax())
writer = SummaryWriter("runs/tp5")
for e, cout in enumerate(fit(reseau, NLLLoss(), SGD(reseau.parameters(), 0.5), images[:500], classes[:500], 3, 32)):
    writer.add_scalar("Loss/train", cout, e)
print("accuracy", (reseau(images[500:]).argmax(1) == classes[500:]).float().mean())
plt.plot([1, 2, 3])
plt.show()
