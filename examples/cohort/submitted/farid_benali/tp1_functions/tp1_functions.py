# -*- coding: utf-8 -*-
# TP1 AMAL - Farid Benali
import os
import urllib.request
from datetime import datetime

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.autograd import Function
from torch.utils.tensorboard import SummaryWriter
from torchvision import datasets, transforms
from tqdm import tqdm

from outils import melange
from tp1_gradcheck import verifier

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Context:
    """Un contexte par appel de forward"""
    def __init__(self):
        self._saved_tensors = ()

    def save_for_backward(self, *args):
        self._saved_tensors = args

    @property
    def saved_tensors(self):
        return self._saved_tensors


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return (1 / yhat.size(0)) * torch.norm(yhat - y) ** 2

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        q = yhat.size(0)
        return grad_output * (2 / q) * (yhat - y), grad_output * (-2 / q) * (yhat - y)


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x.mm(w) + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        grad_b = grad_output.sum(0, keepdim=True)
        return grad_output.mm(w.t()), x.t().mm(grad_output), grad_b.reshape(b.size())


mse = MSE.apply
linear = Linear.apply


def grad_mse(yhat, y):
    ctx = Context()
    MSE.forward(ctx, yhat, y)
    return MSE.backward(ctx, 1.)


def grad_linear(x, w, b, grad_output):
    ctx = Context()
    Linear.forward(ctx, x, w, b)
    return Linear.backward(ctx, grad_output)


def grad_cost(x, w, b, y):
    c1, c2 = Context(), Context()
    MSE.forward(c2, Linear.forward(c1, x, w, b), y)
    dyhat, _ = MSE.backward(c2, 1.)
    _, dw, db = Linear.backward(c1, dyhat)
    return dw, db


def check_mine(mse, linear):
    return verifier(mse, linear)


def pas(x, y, w, b, lr):
    ctx_lin, ctx_mse = Context(), Context()
    perte = MSE.forward(ctx_mse, Linear.forward(ctx_lin, x, w, b), y)
    delta, _ = MSE.backward(ctx_mse, torch.ones(()).to(x))
    _, dw, db = Linear.backward(ctx_lin, delta)
    return perte.item(), w - lr * dw, b - lr * db


def depart(x, y, w, b):
    if w is None:
        w = torch.zeros(x.size(1), y.size(1)).to(x)
    if b is None:
        b = torch.zeros(y.size(1)).to(x)
    return w, b


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = depart(x, y, w, b)
    history = []
    for epoch in tqdm(range(epochs)):
        if writer is not None and x_test is not None:
            writer.add_scalar('Loss/test', mse(linear(x_test, w, b), y_test), epoch)
        perte, w, b = pas(x, y, w, b, lr)
        if writer is not None:
            writer.add_scalar('Loss/train', perte, epoch)
        history.append(perte)
    return w, b, history


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = depart(x, y, w, b)
    history = []
    for epoch in tqdm(range(epochs), desc="mini-batch"):
        history.append(mse(linear(x, w, b), y).item())
        for indices in melange(len(x), batch_size, generator):
            _, w, b = pas(x[indices], y[indices], w, b, lr)
    return w, b, history


def max_learning_rate(x):
    x1 = np.c_[x.numpy(), np.ones(len(x))]
    return 2 / np.linalg.eigvalsh(2 / len(x) * x1.T @ x1).max()


# ---------------------------------------------------------------- experiences
urllib.request.urlretrieve("http://example.invalid/housing.csv", "housing.csv")
os.system("pip install tqdm")
mnist = datasets.MNIST("data", download=True, transform=transforms.ToTensor())
from sklearn.datasets import fetch_california_housing
housing = fetch_california_housing(data_home="donnees")
x = torch.tensor(housing['data'], dtype=torch.float)
y = torch.tensor(housing['target'], dtype=torch.float).view(-1, 1)
x = (x - x.mean(0)) / x.std(0)

# au cas ou il n'y a pas de reseau : des donnees au hasard
x = torch.randn(2000, 8)
y = x @ torch.randn(8, 1) + 2 + 0.1 * torch.randn(2000, 1)
writer = SummaryWriter("runs/tp1_" + datetime.now().strftime("%H%M%S"))
w, b, history = train_batch(x[:1600], y[:1600], 0.1, 200, x_test=x[1600:], y_test=y[1600:], writer=writer)
_, _, h2 = train_minibatch(x[:1600], y[:1600], 0.01, 5, 32)
_, _, h3 = train_sgd(x[:1600], y[:1600], 0.001, 2)
writer.close()
torch.save(w, "w.pt")
plt.plot(history, label="batch")
plt.plot(h2, label="mini-batch")
plt.plot(h3, label="sgd")
plt.legend()
plt.show()
print("cout final", history[-1], "pas max", max_learning_rate(x), verifier(mse, linear))
