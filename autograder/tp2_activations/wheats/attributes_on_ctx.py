"""A Context without a method, plain attributes on it; a list of layers walked back; names in French."""

import math

import torch
from torch.autograd import Function


class Context:
    """Un objet vide : chaque fonction y laisse ce qu'elle veut."""


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.ecart = yhat - y
        return (ctx.ecart**2).sum(1).mean()

    @staticmethod
    def backward(ctx, grad_output):
        gradient = 2 * grad_output * ctx.ecart / len(ctx.ecart)
        return gradient, -gradient


class Linear(Function):
    @staticmethod
    def forward(ctx, entree, poids, biais):
        ctx.entree, ctx.poids, ctx.biais = entree, poids, biais
        return entree @ poids + biais

    @staticmethod
    def backward(ctx, grad_output):
        db = grad_output.sum(0).view_as(ctx.biais)
        return grad_output @ ctx.poids.T, ctx.entree.T @ grad_output, db


mse = MSE.apply
linear = Linear.apply


def collapse(w1, b1, w2, b2):
    return w1.mm(w2), b1.matmul(w2) + b2


class MyTanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.sortie = (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())
        return ctx.sortie

    @staticmethod
    def backward(ctx, grad_output):
        return (1 - ctx.sortie * ctx.sortie) * grad_output


class MyReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.actifs = x > 0
        return x * ctx.actifs

    @staticmethod
    def backward(ctx, grad_output):
        gradient = grad_output.clone()
        gradient[~ctx.actifs] = 0
        return gradient


class MySigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.sortie = 1 / (1 + torch.exp(-x))
        return ctx.sortie

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.sortie * (1 - ctx.sortie)


def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) / math.sqrt(n)
    w2 = torch.randn(hidden, p, generator=generator) / math.sqrt(hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]


def predict(params, x, activation):
    w1, b1, w2, b2 = params
    for fonction, *parametres in ((Linear, w1, b1), (activation,), (Linear, w2, b2)):
        x = fonction.forward(Context(), x, *parametres)
    return x


def train_mlp(x, y, activation, params, lr, epochs):
    params = [p.clone() for p in params]
    historique = []
    for _ in range(epochs):
        w1, b1, w2, b2 = params
        contextes, sortie = [], x
        for fonction, *parametres in ((Linear, w1, b1), (activation,), (Linear, w2, b2)):
            contextes.append((fonction, Context()))
            sortie = fonction.forward(contextes[-1][1], sortie, *parametres)
        ctx_cout = Context()
        historique.append(MSE.forward(ctx_cout, sortie, y).item())
        gradient, gradients = MSE.backward(ctx_cout, torch.tensor(1.0))[0], []
        for fonction, contexte in reversed(contextes):
            rendu = fonction.backward(contexte, gradient)
            if isinstance(rendu, tuple):
                gradient, *autres = rendu
                gradients = autres + gradients
            else:
                gradient = rendu
        params = [p - lr * g for p, g in zip(params, gradients)]
    return params, historique


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    seen = []
    for unit in torch.cat([w1.T, b1.reshape(-1, 1), w2], dim=1):
        if all((unit - other).abs().max() > tolerance for other in seen):
            seen.append(unit)
    return len(seen)
