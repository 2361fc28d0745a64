"""setup_context, chained by hand at every step; names in French, aliases of the classes at the top level."""

import torch
from torch.autograd import Function, gradcheck


class Contexte:
    """Ce que la passe avant laisse à la passe arrière."""

    def save_for_backward(self, *tenseurs):
        self.saved_tensors = tenseurs


Context = Contexte


def grad_mse(yhat, y):
    dyhat = 2 / yhat.shape[0] * (yhat - y)
    return dyhat, -dyhat


def grad_linear(x, w, b, grad_output):
    return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0)


def grad_cost(x, w, b, y):
    residual = x @ w + b - y
    return 2 / len(x) * x.T @ residual, 2 / len(x) * residual.sum(0)


class MSE(Function):
    @staticmethod
    def forward(prediction, cible):
        return ((prediction - cible) ** 2).sum() / prediction.shape[0]

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        prediction, cible = ctx.saved_tensors
        gradient = grad_output * 2 / prediction.shape[0] * (prediction - cible)
        return gradient, -gradient


class Linear(Function):
    @staticmethod
    def forward(entrees, poids, biais):
        return entrees @ poids + biais

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        entrees, poids, biais = ctx.saved_tensors
        return grad_output @ poids.T, entrees.T @ grad_output, grad_output.sum(0).reshape(biais.shape)


erreur, couche = MSE, Linear
mse, linear = erreur.apply, couche.apply


def check_mine(mse, linear):
    yhat = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    y = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    x = torch.randn(13, 5, requires_grad=True, dtype=torch.float64)
    w = torch.randn(5, 7, requires_grad=True, dtype=torch.float64)
    b = torch.randn(7, requires_grad=True, dtype=torch.float64)
    return gradcheck(mse, (yhat, y), eps=1e-6, atol=1e-4) and gradcheck(linear, (x, w, b), eps=1e-6, atol=1e-4)


def avant(fonction, *entrees):
    contexte = Contexte()
    sortie = fonction.forward(*entrees)
    fonction.setup_context(contexte, entrees, sortie)
    return sortie, contexte


def un_pas(x, y, w, b, lr):
    yhat, ctx_couche = avant(couche, x, w, b)
    perte, ctx_erreur = avant(erreur, yhat, y)
    delta, _ = erreur.backward(ctx_erreur, torch.ones(1, dtype=x.dtype))
    _, dw, db = couche.backward(ctx_couche, delta)
    return w - lr * dw, b - lr * db, perte.item()


def depart(x, y, w, b):
    w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype) if w is None else w.clone()
    b = torch.zeros(y.shape[1], dtype=x.dtype) if b is None else b.clone()
    return w, b


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = depart(x, y, w, b)
    historique = []
    for epoque in range(epochs):
        if writer is not None and x_test is not None:
            writer.add_scalar("Loss/test", erreur.forward(couche.forward(x_test, w, b), y_test).item(), epoque)
        w, b, perte = un_pas(x, y, w, b, lr)
        historique.append(perte)
        if writer is not None:
            writer.add_scalar("Loss/train", perte, epoque)
    return w, b, historique


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = depart(x, y, w, b)
    historique = []
    for _ in range(epochs):
        historique.append(erreur.forward(couche.forward(x, w, b), y).item())
        ordre = torch.randperm(x.shape[0], generator=generator)
        for debut in range(0, x.shape[0], batch_size):
            lignes = ordre[debut : debut + batch_size]
            w, b, _ = un_pas(x[lignes], y[lignes], w, b, lr)
    return w, b, historique


def max_learning_rate(x):
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    return 2 / torch.linalg.eigvalsh(2 / len(x) * x1.T @ x1)[-1].item()
