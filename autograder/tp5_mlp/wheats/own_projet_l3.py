"""Comme le projet de deuxième année : _parameters et _gradient, mise à jour en place, méthodes en deux temps, commentaires français."""

import numpy as np
import torch
from tqdm import tqdm

torch.manual_seed(10)
torch.set_grad_enabled(False)  # tout est fait à la main


class Param(object):
    def __init__(self, data):
        self.data = data
        self.grad = torch.zeros_like(data)


class Module(object):
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return []

    def zero_grad(self):
        # remise à zéro, en place
        for p in self.parameters():
            p.grad.zero_()

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


def score(x, w, b):
    return torch.mm(x, w) + b


def perceptron_cost(x, w, b, y):
    marge = -y * score(x, w, b)
    return torch.where(marge > 0, marge, torch.zeros_like(marge)).mean()


def perceptron_grad(x, w, b, y):
    mal_classes = (score(x, w, b) * y <= 0).to(x.dtype)
    g = -y * mal_classes
    return torch.mean(x * g, dim=0).reshape(-1, 1), torch.mean(g, dim=0)


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = w.clone() if w is not None else x.new_zeros((x.size(1), 1))
    b = b.clone() if b is not None else x.new_zeros(1)
    for _ in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w -= lr * dw
        b -= lr * db
    return w, b


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))
        self.entree = None

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.entree = x
        return torch.addmm(self.b.data, x, self.w.data)

    def backward_update_gradient(self, delta):
        self.w.grad.addmm_(self.entree.t(), delta)
        self.b.grad.add_(delta.sum(0))

    def backward_delta(self, delta):
        return torch.mm(delta, self.w.data.t())

    def backward(self, delta):
        self.backward_update_gradient(delta)
        return self.backward_delta(delta)


class Tanh(Module):
    def forward(self, x):
        self.sortie = torch.tanh(x)
        return self.sortie

    def backward(self, delta):
        return (1 - self.sortie.pow(2)).mul_(delta)


class Sigmoid(Module):
    def forward(self, x):
        self.sortie = 1 / (1 + torch.exp(-x))
        return self.sortie

    def backward(self, delta):
        return delta * self.sortie * (1 - self.sortie)


class ReLU(Module):
    def forward(self, x):
        self.entree = x
        return torch.maximum(x, torch.zeros_like(x))

    def backward(self, delta):
        retour = delta.clone()
        retour[self.entree <= 0] = 0
        return retour


class LogSoftmax(Module):
    def forward(self, x):
        maximum, _ = torch.max(x, 1, keepdim=True)
        stable = x - maximum
        self.sortie = stable - torch.log(torch.exp(stable).sum(1, keepdim=True))
        return self.sortie

    def backward(self, delta):
        return delta - torch.exp(self.sortie) * delta.sum(1).unsqueeze(1)


class MSE(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return torch.sum((yhat - y) ** 2, 1).mean()

    def backward(self):
        return 2 * (self.yhat - self.y) / self.y.shape[0]


class NLL(Module):
    def forward(self, yhat, y):
        self.q, self.k = yhat.shape
        self.un_parmi_k = torch.nn.functional.one_hot(y, self.k).to(yhat.dtype)
        return -torch.sum(self.un_parmi_k * yhat) / self.q

    def backward(self):
        return -self.un_parmi_k / self.q


class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        positifs = y > 0
        return (y[positifs] * (torch.log(y[positifs]) - yhat[positifs])).sum() / y.shape[0]

    def backward(self):
        return -self.y / self.y.shape[0]


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def train(self, mode=True):
        for module in self.modules:
            module.train(mode)
        return super().train(mode)

    def parameters(self):
        liste = []
        for module in self.modules:
            liste.extend(module.parameters())
        return liste

    def forward(self, x):
        sorties = [x]
        for module in self.modules:
            sorties.append(module.forward(sorties[-1]))
        return sorties[-1]

    def backward(self, delta):
        i = len(self.modules) - 1
        while i >= 0:
            delta = self.modules[i].backward(delta)
            i -= 1
        return delta


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for p in self.params:
            p.data.sub_(self.lr * p.grad)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    q = x.shape[0]
    taille = q if batch_size is None else batch_size
    history = []
    for epoque in tqdm(range(epochs), leave=False, disable=epochs > 100):
        indices = torch.randperm(q, generator=generator)
        somme = torch.zeros((), dtype=torch.float64)
        for k in range(0, q, taille):
            lot = indices[k : k + taille]
            yhat = net.forward(x[lot])
            perte = loss.forward(yhat, y[lot])
            net.zero_grad()
            delta = loss.backward()
            net.backward(delta)
            optimizer.step()
            somme += perte * len(lot)
        history.append(float(somme) / q)
        if stop is not None and stop():
            break
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator
        self.masque = None

    def forward(self, x):
        if not self.training:
            self.masque = None
            return x
        tirage = torch.rand(x.shape, generator=self.generator, dtype=x.dtype).to(x.device)
        self.masque = torch.where(tirage < self.p, 0.0, 1.0 / (1.0 - self.p)).to(x.dtype)
        return self.masque * x

    def backward(self, delta):
        return delta if self.masque is None else delta * self.masque


class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.lowest, self.waited = np.inf, 0

    def step(self, loss, params):
        if not loss < self.lowest:
            self.waited += 1
            return self.waited >= self.patience
        self.lowest, self.waited = loss, 0
        self.params, self.sauvegarde = params, [p.data.clone() for p in params]
        return False

    def restore(self):
        for p, valeur in zip(self.params, self.sauvegarde):
            p.data.copy_(valeur)


if __name__ == "__main__":
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    Y = torch.tensor([[-1.0], [1.0], [1.0], [-1.0]])
    reseau = Sequential(Linear(2, 4), Tanh(), Linear(4, 1))
    h = fit(reseau, MSE(), SGD(reseau.parameters(), 0.1), X, Y, 500)
    print(h[0], h[-1])
