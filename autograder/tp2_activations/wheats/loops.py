"""Loops over neurons, other argument names, formulas rearranged, notes as attributes of ctx: the slowest honest style."""

import torch


class Context:
    """Un objet contexte très simplifié pour simuler PyTorch."""

    def __init__(self):
        self._saved_tensors = ()

    def save_for_backward(self, *args):
        self._saved_tensors = args

    @property
    def saved_tensors(self):
        return self._saved_tensors


class MSE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return (yhat - y).pow(2).sum() / len(y)

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        return grad_output * 2 * (yhat - y) / len(y), grad_output * 2 * (y - yhat) / len(y)


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, W, b):
        ctx.save_for_backward(X, W, b)
        columns = [(X * W[:, j]).sum(1) + b.reshape(-1)[j] for j in range(W.shape[1])]
        return torch.stack(columns, dim=1)

    @staticmethod
    def backward(ctx, delta):
        X, W, b = ctx.saved_tensors
        dX, dW, db = torch.zeros_like(X), torch.zeros_like(W), torch.zeros_like(b)
        for j in range(W.shape[1]):
            dX = dX + delta[:, j : j + 1] * W[:, j]
            dW[:, j] = (X * delta[:, j : j + 1]).sum(0)
            db.view(-1)[j] = delta[:, j].sum()
        return dX, dW, db


def by_column(function, *tensors):
    """Apply a function to the columns of tensors of the same shape, one by one."""
    first = tensors[0]
    out = torch.zeros_like(first)
    for j in range(first.shape[1]):
        out[:, j] = function(*[t[:, j] for t in tensors])
    return out


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.z = z
        return by_column(lambda c: (c.exp() - (-c).exp()) / (c.exp() + (-c).exp()), z)

    @staticmethod
    def backward(ctx, delta):
        return by_column(lambda d, c: d * 4 / (c.exp() + (-c).exp()) ** 2, delta, ctx.z)


class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.z = z
        return by_column(lambda c: c.clamp(min=0), z)

    @staticmethod
    def backward(ctx, delta):
        grad = delta.clone()
        grad[ctx.z < 0] = 0  # 1 at 0
        return grad


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.z = z
        return by_column(lambda c: 1 / (1 + (-c).exp()), z)

    @staticmethod
    def backward(ctx, delta):
        return by_column(lambda d, c: d * (-c).exp() / (1 + (-c).exp()) ** 2, delta, ctx.z)


def collapse(W1, bias1, W2, bias2):
    n, h = W1.shape
    p = W2.shape[1]
    W, b = torch.zeros(n, p, dtype=W1.dtype, device=W1.device), bias2.clone()
    for k in range(h):
        b = b + bias1[k] * W2[k]
        for i in range(n):
            W[i] += W1[i, k] * W2[k]
    return [W, b]


def init_mlp(nb_in, nb_hidden, nb_out, generator):
    params = []
    for fan_in, fan_out in ((nb_in, nb_hidden), (nb_hidden, nb_out)):
        W = torch.empty(fan_in, fan_out)
        for i in range(fan_in):
            W[i] = torch.normal(0.0, fan_in**-0.5, (fan_out,), generator=generator)
        params += [W, torch.zeros(1, fan_out)]
    return params


def predict(params, X, g):
    W1, b1, W2, b2 = params
    hidden = g.forward(Context(), Linear.forward(Context(), X, W1, b1))
    return Linear.forward(Context(), hidden, W2, b2)


def train_mlp(X, Y, g, params, eps, nb_iter):
    params = [p.clone() for p in params]
    history = []
    for n_iter in range(nb_iter):
        c1, c2, c3, c4 = Context(), Context(), Context(), Context()
        a = Linear.forward(c1, X, params[0], params[1])
        h = g.forward(c2, a)
        yhat = Linear.forward(c3, h, params[2], params[3])
        loss = MSE.forward(c4, yhat, Y)
        if n_iter % 100 == 0:
            print(f"Itérations {n_iter}: loss {loss.item()}")
        history.append([n_iter, loss.item()])
        grad_yhat = MSE.backward(c4, torch.tensor(1.0))[0]
        grad_h, *second = Linear.backward(c3, grad_yhat)
        grad_a = g.backward(c2, grad_h)
        _, *first = Linear.backward(c1, grad_a)
        for param, grad in zip(params, first + second):
            param -= eps * grad
    return tuple(params), history


def distinct_units(params, tolerance=1e-4):
    W1, b1, W2, b2 = params
    n, h = W1.shape
    same = [False] * h
    for j in range(h):
        for k in range(j):
            gaps = [abs(float(W1[i, j] - W1[i, k])) for i in range(n)]
            gaps.append(abs(float(b1.reshape(-1)[j] - b1.reshape(-1)[k])))
            gaps += [abs(float(W2[j, m] - W2[k, m])) for m in range(W2.shape[1])]
            if max(gaps) <= tolerance:
                same[j] = True
    return h - sum(same)
