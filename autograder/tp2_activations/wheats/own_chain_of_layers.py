"""Les dérivées écrites dans des fonctions à part, un décorateur @torch.no_grad(), match, walrus, une liste de couches en boucle."""

import torch
from torch.autograd import Function, gradcheck
from tqdm.auto import trange


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

dtanh = lambda x: 1 / torch.cosh(x) ** 2
drelu = lambda x: torch.heaviside(x, torch.zeros((), dtype=x.dtype))


def dsigmoid(x):
    return torch.sigmoid(x) * torch.sigmoid(-x)


class _Activation(Function):
    g = dg = None

    @classmethod
    def forward(cls, ctx, x):
        ctx.x = x
        return cls.g(x)

    @classmethod
    def backward(cls, ctx, grad_output):
        return cls.dg(ctx.x) * grad_output


class Tanh(_Activation):
    g, dg = staticmethod(torch.tanh), staticmethod(dtanh)


class ReLU(_Activation):
    g, dg = staticmethod(torch.relu), staticmethod(drelu)


class Sigmoid(_Activation):
    g, dg = staticmethod(torch.sigmoid), staticmethod(dsigmoid)


def collapse(w1, b1, w2, b2):
    return w1 @ w2, b1 @ w2 + b2


def init_mlp(n, hidden, p, generator):
    tailles = [n, hidden, p]
    return [
        t
        for f, s in zip(tailles, tailles[1:])
        for t in (torch.randn((f, s), generator=generator).div_(f**0.5), torch.zeros(s))
    ]


def couches(params, activation):
    """La suite des nœuds : (fonction, paramètres)."""
    while params:
        w, b, *params = params
        yield Linear, (w, b)
        if params:
            yield activation, ()


@torch.no_grad()
def avance(params, x, activation):
    noeuds = []
    for fonction, p in couches(params, activation):
        noeuds.append((fonction, ctx := Context()))
        x = fonction.forward(ctx, x, *p)
    return x, noeuds


@torch.no_grad()
def recule(noeuds, gradient):
    gradients = []
    for fonction, ctx in noeuds[::-1]:
        match fonction.backward(ctx, gradient):
            case (gradient, dw, db):
                gradients = [dw, db, *gradients]
            case gradient:
                pass
    return gradients


def predict(params, x, activation):
    return avance(params, x, activation)[0]


def train_mlp(x, y, activation, params, lr, epochs):
    params, history = [p.clone() for p in params], []
    for _ in trange(epochs, disable=True):
        yhat, noeuds = avance(params, x, activation)
        history += [float(MSE.forward(ctx := Context(), yhat, y))]
        dyhat, _ = MSE.backward(ctx, torch.ones(()))
        params = [p - lr * d for p, d in zip(params, recule(noeuds, dyhat))]
    return params, history


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    neurones = [*torch.hstack((w1.T, b1.reshape(-1, 1), w2))]
    compte = 0
    while neurones:
        compte += 1
        reference = neurones[0]
        neurones = [n for n in neurones if torch.dist(n, reference, p=float("inf")) > tolerance]
    return compte


def bar_chart(ax, names, costs, title):
    for k, (name, cost) in enumerate(zip(names, costs)):
        ax.bar(k, cost)
        ax.text(k, cost, "%.3f" % cost, ha="center", va="bottom")
    ax.set_xticks(range(len(names)), names)
    ax.set(xlabel="modèle", ylabel="coût", title=title)


x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
print(all(gradcheck(f.apply, (x,)) for f in (Tanh, ReLU, Sigmoid)))
