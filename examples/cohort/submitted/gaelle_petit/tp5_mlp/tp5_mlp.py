"""TP5, Gaëlle Petit."""

import torch


def perceptron_cost(x, w, b, y):
    return (-(x @ w + b) * y).clamp(min=0).mean()


def perceptron_grad(x, w, b, y):
    blamed = y * ((x @ w + b) * y <= 0)
    return -x.T @ blamed / len(x), -blamed.mean(0)


def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros(x.shape[1], 1) if w is None else w
    b = x.new_zeros(1) if b is None else b
    for _ in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w, b = w - lr * dw, b - lr * db
    return w, b


def deltas(x, y, params):
    w1, b1, w2, b2 = params
    z = torch.sigmoid(x @ w1 + b1)
    yhat = torch.sigmoid(z @ w2 + b2)
    delta3 = 2 * (yhat - y) * yhat * (1 - yhat)
    delta1, delta2 = z * (1 - z) * w2[:, 0] * delta3
    return delta3[0], delta1, delta2


class Param:
    def __init__(self, data):
        self.data = data
        self.grad = torch.zeros_like(data)


class Module:
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return []

    def zero_grad(self):
        for param in self.parameters():
            param.grad = torch.zeros_like(param.data)

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = x
        return x @ self.w.data + self.b.data

    def backward(self, delta):
        self.w.grad += self.x.T @ delta
        self.b.grad += delta.sum(0)
        return delta @ self.w.data.T


class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out

    def backward(self, delta):
        return delta * (1 - self.out**2)


class Sigmoid(Module):
    def forward(self, x):
        self.out = torch.sigmoid(x)
        return self.out

    def backward(self, delta):
        return delta * self.out * (1 - self.out)


class ReLU(Module):
    def forward(self, x):
        self.x = x
        return x.clamp(min=0)

    def backward(self, delta):
        return delta * (self.x > 0)


class LogSoftmax(Module):
    def forward(self, x):
        shifted = x - x.max(1, keepdim=True).values
        self.out = shifted - shifted.exp().sum(1, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)


class MSE(Module):
    def forward(self, yhat, y):
        self.difference = yhat - y
        return (self.difference**2).mean()

    def backward(self):
        return 2 * self.difference / self.difference.numel()


class NLL(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return -yhat[range(len(y)), y].sum() / len(y)

    def backward(self):
        gradient = torch.zeros_like(self.yhat)
        gradient[range(len(self.y)), self.y] = -1 / len(self.y)
        return gradient


class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        return (y * (y.log() - yhat)).sum() / len(y)

    def backward(self):
        return -self.y / len(self.y)


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def parameters(self):
        return [param for module in self.modules for param in module.parameters()]

    def train(self, mode=True):
        for module in self.modules:
            module.train(mode)
        return super().train(mode)

    def forward(self, x):
        for module in self.modules:
            x = module.forward(x)
        return x

    def backward(self, delta):
        for module in reversed(self.modules):
            delta = module.backward(delta)
        return delta


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for param in self.params:
            param.data = param.data - self.lr * param.grad


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
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
        self.mask = torch.ones_like(x)
        if self.training:
            kept = torch.rand(x.shape, generator=self.generator) >= self.p
            self.mask = kept.to(x) / (1 - self.p)
        return x * self.mask

    def backward(self, delta):
        return delta * self.mask


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.lowest, self.waited = patience, float("inf"), 0

    def step(self, loss, params):
        self.params, self.waited = params, self.waited + 1
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            self.best = [param.data for param in params]
        return self.waited >= self.patience

    def restore(self):
        for param, data in zip(self.params, self.best):
            param.data = data.clone()
