"""The engine goes back: leaves made anew in each epoch, torch.autograd.grad or .grad, a decorator for time, history of tensors."""

import functools
import time

import numpy as np
import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

torch.manual_seed(123)
torch.set_default_dtype(torch.float64)
durees = []


def mesure(f):
    @functools.wraps(f)
    def g(*a, **k):
        t0 = time.perf_counter()
        r = f(*a, **k)
        durees.append((f.__name__, time.perf_counter() - t0))
        return r

    return g


class Context:
    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = (True,) * 8

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        """Do nothing here; PyTorch's own context has this method."""

    mark_dirty = set_materialize_grads = mark_non_differentiable


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0).reshape(b.shape)


mse, linear = MSE.apply, Linear.apply


def collapse(w1, b1, w2, b2):
    deux_couches = lambda x: (x @ w1 + b1) @ w2 + b2
    n = w1.shape[0]
    b = deux_couches(torch.zeros(n, dtype=w1.dtype, device=w1.device))
    w = deux_couches(torch.eye(n, dtype=w1.dtype, device=w1.device)) - b
    return w, b


class FonctionTanh(Function):
    @staticmethod
    def forward(ctx, x):
        e = torch.exp(-2 * x.abs())
        h = x.sign() * (1 - e) / (1 + e)
        ctx.derivee = 1 - h**2
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        return grad_output * ctx.derivee


class FonctionReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.actif = x.gt(0)
        return x * ctx.actif

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        grad_input = grad_output.clone()
        grad_input[~ctx.actif] = 0
        return grad_input


class FonctionSigmoide(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 1 / (1 + torch.exp(-x))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = 1 / (1 + torch.exp(-x))
        return s * (1 - s) * grad_output


Tanh, ReLU, Sigmoid = FonctionTanh, FonctionReLU, FonctionSigmoide


def init_mlp(n, hidden, p, generator):
    def couche(entrees, sorties):
        poids = torch.randn(entrees, sorties, generator=generator, dtype=torch.float32) / np.sqrt(entrees).item()
        return poids, torch.zeros(sorties, dtype=torch.float32)

    return [*couche(n, hidden), *couche(hidden, p)]


def predict(params, x, activation):
    cache = activation.apply(linear(x, params[0], params[1]))
    return linear(cache, *params[2:])


@mesure
def train_mlp(x, y, activation, params, lr, epochs):
    feuilles = [p.detach().clone().requires_grad_(True) for p in params]
    history = []
    for epoch in range(epochs):
        loss = mse(predict(feuilles, x, activation), y)
        history.append(loss.detach())
        for feuille in feuilles:
            feuille.grad = None
        loss.backward()
        with torch.no_grad():
            for feuille in feuilles:
                feuille -= lr * feuille.grad
    return [feuille.detach() for feuille in feuilles], [float(h) for h in history]


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, b2 = [p.detach().cpu().numpy() for p in params]
    representants = []
    for j in range(w1.shape[1]):
        neurone = np.r_[w1[:, j], b1[j], w2[j]]
        if not any(np.abs(neurone - autre).max() <= tolerance for autre in representants):
            representants.append(neurone)
    return len(representants)


def bar_chart(ax, names, costs, title):
    barres = ax.bar(range(len(names)), costs, tick_label=names, color="0.6")
    for barre, cout in zip(barres, costs):
        ax.annotate(f"{cout:.3f}", (barre.get_x() + barre.get_width() / 2, cout), ha="center", va="bottom")
    ax.set_xlabel("modèle")
    ax.set_ylabel("coût sur le test")
    ax.set_title(title)


if __name__ == "__main__":
    x = torch.randn(200, 5)
    y = torch.sin(x[:, :1]) + 0.1 * torch.randn(200, 1)
    depart = [p.double() for p in init_mlp(5, 10, 1, torch.Generator().manual_seed(0))]
    for g in (Tanh, ReLU, Sigmoid):
        _, h = train_mlp(x, y, g, depart, 0.1, 50)
        print(g.__name__, h[0], h[-1])
