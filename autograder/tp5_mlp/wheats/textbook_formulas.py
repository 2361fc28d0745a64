"""Formulas as textbooks write them: exponentials of both signs, norms, one-hot products, masks; names in French."""

import torch


def perceptron_cost(x, w, b, y):
    marges = y * (x.mm(w) + b)
    return torch.maximum(-marges, torch.zeros_like(marges)).mean()


def perceptron_grad(x, w, b, y):
    errors = (y * (x.mm(w) + b) <= 0).to(x.dtype) * y
    return -x.t().mm(errors) / len(x), -errors.mean(dim=0)


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros((x.size(1), 1)) if w is None else w.clone()
    b = x.new_zeros(1) if b is None else b.clone()
    for _ in range(epochs):
        grads = perceptron_grad(x, w, b, y)
        w, b = (p - lr * g for p, g in zip((w, b), grads))
    return w, b


class Param:
    def __init__(self, data):
        self.data, self.grad = data, data * 0


class Module:
    training = True

    def __call__(self, *entrees):
        return self.forward(*entrees)

    def parameters(self):
        return []

    def zero_grad(self):
        for p in self.parameters():
            p.grad.zero_()

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.empty(n, p).normal_(0, n**-0.5, generator=generator))
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = x
        return torch.addmm(self.b.data, x, self.w.data)

    def backward(self, delta):
        self.w.grad.addmm_(self.x.t(), delta)
        self.b.grad.add_(delta.sum(dim=0))
        return delta.mm(self.w.data.t())


class Tanh(Module):
    def forward(self, x):
        self.x = x
        return (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1)

    def backward(self, delta):
        return delta * 4 / (torch.exp(self.x) + torch.exp(-self.x)) ** 2


class Sigmoid(Module):
    def forward(self, x):
        self.y = torch.exp(x) / (1 + torch.exp(x))
        return self.y

    def backward(self, delta):
        return delta * (self.y - self.y**2)


class ReLU(Module):
    def forward(self, x):
        self.x = x
        return (x + x.abs()) / 2

    def backward(self, delta):
        return delta * (self.x.sign() + 1) / 2  # a half at 0, which is never judged


class LogSoftmax(Module):
    def forward(self, x):
        x = x - x.amax(dim=1, keepdim=True)
        self.y = x - x.exp().sum(dim=1, keepdim=True).log()
        return self.y

    def backward(self, delta):
        return delta - self.y.exp() * delta.sum(dim=1, keepdim=True)


class MSE(Module):
    def forward(self, yhat, y):
        self.e = yhat - y
        return torch.norm(self.e) ** 2 / len(self.e)

    def backward(self):
        return self.e * (2 / len(self.e))


class NLL(Module):
    def forward(self, yhat, y):
        self.chosen = torch.zeros_like(yhat).scatter_(1, y.unsqueeze(1), 1)
        return -(self.chosen * yhat).sum(1).mean()

    def backward(self):
        return -self.chosen / len(self.chosen)


class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        entropies = torch.where(y > 0, y * torch.log(torch.where(y > 0, y, torch.ones_like(y))), torch.zeros_like(y))
        return (entropies - y * yhat).sum() / y.shape[0]

    def backward(self):
        return self.y / -len(self.y)


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def parameters(self):
        return sum((list(m.parameters()) for m in self.modules), [])

    def train(self, mode=True):
        self.training = mode
        [m.train(mode) for m in self.modules]
        return self

    def forward(self, x):
        for m in self.modules:
            x = m(x)
        return x

    def backward(self, delta):
        for m in self.modules[::-1]:
            delta = m.backward(delta)
        return delta


class SGD:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def step(self):
        for p in self.parameters:
            p.data = p.data.add(p.grad, alpha=-self.lr)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total, order = 0.0, torch.randperm(len(x), generator=generator)
        for rows in order.split(batch_size or len(x)):
            net.zero_grad()
            total += loss(net(x[rows]), y[rows]).item() * len(rows)
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = None
        if self.training:
            uniform = torch.rand(x.shape, generator=self.generator).to(x)
            self.mask = uniform.ge(self.p).to(x) / (1 - self.p)
        return x if self.mask is None else x * self.mask

    def backward(self, delta):
        return delta if self.mask is None else delta * self.mask


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.waited, self.best = patience, 0, float("inf")

    def step(self, loss, params):
        self.params, self.waited = list(params), self.waited + 1
        if loss < self.best:
            self.best, self.waited = float(loss), 0
            self.kept = [p.data.clone() for p in self.params]
        return self.waited >= self.patience

    def restore(self):
        for p, data in zip(self.params, self.kept):
            p.data = data.clone()
