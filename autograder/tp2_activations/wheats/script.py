"""A script: trains and plots at module level, modules and zero_grad, loss.backward() through its own apply."""

# -*- coding: utf-8 -*-
import logging
import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.autograd import Function, gradcheck
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

logging.basicConfig(level=logging.INFO)
torch.manual_seed(42)
torch.set_num_threads(4)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class MSE(Function):
    """Début d'implementation de la fonction MSE"""

    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return torch.linalg.norm(yhat - y) ** 2 / y.size(0)

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        grad = 2 * (yhat - y) / y.size(0)
        return grad_output * grad, -grad_output * grad


class Linear(Function):
    @staticmethod
    def forward(ctx, X, W, b):
        ctx.save_for_backward(X, W, b)
        return torch.mm(X, W) + b

    @staticmethod
    def backward(ctx, grad_output):
        X, W, b = ctx.saved_tensors
        return torch.mm(grad_output, W.t()), torch.mm(X.t(), grad_output), grad_output.sum(0).reshape(b.shape), None


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        # Calculer tanh et sauvegarder le contexte pour le backward
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        # Calculer le gradient local : 1 - tanh^2(x)
        grad_x = 1 - torch.tanh(x) ** 2
        return grad_output * grad_x


class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.maximum(x, torch.tensor(0.0))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        grad_x = torch.zeros(x.shape, device=x.device)
        grad_x[x > 0] = 1.0
        return (grad_output * grad_x).to(x.dtype)


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x) * torch.sigmoid(-x)


mse, linear = MSE.apply, Linear.apply
tanh, relu, sigmoid = Tanh.apply, ReLU.apply, Sigmoid.apply

for f in (tanh, relu, sigmoid):
    x = torch.randn(13, 5, requires_grad=True, dtype=torch.float64)
    print("gradcheck", gradcheck(f, (x,)))


def collapse(w1, b1, w2, b2):
    n = w1.shape[0]
    zero = torch.zeros(1, n, dtype=w1.dtype, device=w1.device)
    f = lambda x: (x @ w1 + b1) @ w2 + b2
    b = f(zero)
    return f(torch.eye(n, dtype=w1.dtype, device=w1.device)) - b, b  # b has shape (1, p)


def init_mlp(n, hidden, p, generator):
    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    w1 = torch.tensor(rng.normal(scale=1 / np.sqrt(n), size=(n, hidden)), dtype=torch.float)
    w2 = torch.tensor(rng.normal(scale=1 / np.sqrt(hidden), size=(hidden, p)), dtype=torch.float)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]


def predict(params, x, activation):
    w1, b1, w2, b2 = params
    h = activation.apply(linear(x, w1, b1))
    return linear(h, w2, b2)


def train_mlp(x, y, activation, params, lr, epochs, writer=None):
    w1, b1, w2, b2 = [torch.nn.Parameter(p.clone()) for p in params]
    history = []
    for n_iter in tqdm(range(epochs)):
        loss = mse(predict([w1, b1, w2, b2], x, activation), y)
        history.append(loss.detach())
        loss.backward()
        if writer is not None:
            writer.add_scalar("Loss/train", loss, n_iter)
        with torch.no_grad():
            for p in (w1, b1, w2, b2):
                p -= lr * p.grad
                p.grad.zero_()
    return [w1, b1, w2, b2], history


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, b2 = params
    units = torch.cat([w1.t(), b1.unsqueeze(1), w2], dim=1).detach().cpu().double().numpy()
    decimals = int(round(-np.log10(tolerance)))
    return len(np.unique(np.round(units, decimals) + 0.0, axis=0))


x, y = torch.randn(200, 4), torch.randn(200, 1)
os.makedirs("runs", exist_ok=True)
writer = SummaryWriter("runs/tp2")
for activation in (Tanh, ReLU):
    params, history = train_mlp(x, y, activation, init_mlp(4, 10, 1, torch.Generator()), 0.05, 50, writer)
    plt.plot(history, label=activation.__name__)
plt.legend()
plt.show()
writer.close()
