"""Loops over rows and classes, other argument names, everything computed again from the kept input; the slowest."""

import math

import torch


def perceptron_cost(X, W, bias, labels):
    total = torch.zeros_like(bias[0])
    for i in range(X.shape[0]):
        margin = -(X[i] @ W[:, 0] + bias[0]) * labels[i, 0]
        if margin > 0:
            total = total + margin
    return total / X.shape[0]


def perceptron_grad(X, W, bias, labels):
    dW, dbias = torch.zeros_like(W), torch.zeros_like(bias)
    for i in range(X.shape[0]):
        if (X[i] @ W[:, 0] + bias[0]) * labels[i, 0] <= 0:
            dW[:, 0] -= labels[i, 0] * X[i]
            dbias -= labels[i]
    return [dW / X.shape[0], dbias / X.shape[0]]


def train_perceptron(X, labels, lr, n_epochs, W=None, bias=None):
    if W is None:
        W = torch.zeros(X.shape[1], 1, dtype=X.dtype, device=X.device)
    if bias is None:
        bias = torch.zeros(1, dtype=X.dtype, device=X.device)
    for epoch in range(n_epochs):
        if epoch % 100 == 0:
            print("epoch", epoch, float(perceptron_cost(X, W, bias, labels)))
        dW, dbias = perceptron_grad(X, W, bias, labels)
        W = W - lr * dW
        bias = bias - lr * dbias
    return W, bias


class Param(object):
    def __init__(self, data):
        self.data = data
        self.grad = torch.zeros_like(data)


class Module(object):
    def __init__(self):
        self.training = True

    def __call__(self, *args):
        return self.forward(*args)

    def parameters(self):
        return []

    def zero_grad(self):
        for p in self.parameters():
            for i in range(p.grad.shape[0]):
                p.grad[i] = 0.0

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        self.training = False
        return self


class Linear(Module):
    def __init__(self, input, output, generator=None):
        super().__init__()
        self.w = Param(torch.randn(input, output, generator=generator) / math.sqrt(input))
        self.b = Param(torch.zeros(output))

    def parameters(self):
        return [self.b, self.w]

    def forward(self, X):
        self._input = X
        rows = []
        for i in range(X.shape[0]):
            rows.append(X[i] @ self.w.data + self.b.data)
        return torch.stack(rows)

    def backward(self, delta):
        dX = torch.zeros_like(self._input)
        for i in range(delta.shape[0]):
            self.w.grad += torch.outer(self._input[i], delta[i])
            self.b.grad += delta[i]
            dX[i] = self.w.data @ delta[i]
        return dX


class Tanh(Module):
    def forward(self, X):
        self._input = X
        return (torch.exp(X) - torch.exp(-X)) / (torch.exp(X) + torch.exp(-X))

    def backward(self, delta):
        return delta / torch.cosh(self._input) ** 2


class Sigmoid(Module):
    def forward(self, X):
        self._input = X
        return 1 / (1 + torch.exp(-X))

    def backward(self, delta):
        e = torch.exp(-self._input)
        return delta * e / (1 + e) ** 2


class ReLU(Module):
    def forward(self, X):
        self._input = X
        return torch.where(X > 0, X, torch.zeros_like(X))

    def backward(self, delta):
        gradient = torch.clone(delta)
        gradient[self._input < 0] = 0  # 1 at 0, which is never judged
        return gradient


class LogSoftmax(Module):
    def forward(self, X):
        rows = []
        for x in X:
            z = x - x.max()
            rows.append(z - torch.log(torch.sum(torch.exp(z))))
        self._output = torch.stack(rows)
        return self._output

    def backward(self, delta):
        dX = torch.zeros_like(delta)
        for i in range(delta.shape[0]):
            s = torch.exp(self._output[i])
            dX[i] = delta[i] - s * delta[i].sum()
        return dX


class MSE(Module):
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        total = 0
        for i in range(pred.shape[0]):
            total = total + torch.dot(pred[i] - target[i], pred[i] - target[i])
        return total / pred.shape[0]

    def backward(self):
        return (2 / self.pred.shape[0]) * (self.pred - self.target)


class NLL(Module):
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        total = 0
        for i in range(pred.shape[0]):
            total = total - pred[i, target[i]]
        return total / pred.shape[0]

    def backward(self):
        delta = torch.zeros_like(self.pred)
        for i in range(delta.shape[0]):
            delta[i, self.target[i]] = -1.0 / delta.shape[0]
        return delta


class KLDiv(Module):
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        total = torch.zeros_like(pred[0, 0])
        for i in range(pred.shape[0]):
            for j in range(pred.shape[1]):
                if target[i, j] > 0:
                    total += target[i, j] * (torch.log(target[i, j]) - pred[i, j])
        return total / pred.shape[0]

    def backward(self):
        return -self.target.clone() / self.target.shape[0]


class Sequential(Module):
    def __init__(self, *modules):
        super().__init__()
        self.modules = list(modules)

    def parameters(self):
        params = []
        for m in self.modules:
            params.extend(m.parameters())
        return params

    def train(self, mode=True):
        for m in self.modules:
            m.train(mode)
        return super().train(mode)

    def eval(self):
        return self.train(False)

    def forward(self, X):
        self.outputs = [X]
        for m in self.modules:
            self.outputs.append(m(self.outputs[-1]))
        return self.outputs[-1]

    def backward(self, delta):
        i = len(self.modules) - 1
        while i >= 0:
            delta = self.modules[i].backward(delta)
            i -= 1
        return delta


class SGD:
    def __init__(self, params, lr):
        self.params = params
        self.lr = lr

    def step(self):
        for i in range(len(self.params)):
            self.params[i].data = self.params[i].data - self.lr * self.params[i].grad


def fit(net, loss, optimizer, X, Y, n_epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    if batch_size is None:
        batch_size = X.shape[0]
    for epoch in range(n_epochs):
        order = torch.rand(X.shape[0], generator=generator).argsort()
        start, losses = 0, []
        while start < X.shape[0]:
            rows = order[start : start + batch_size]
            net.zero_grad()
            losses.append(float(loss(net(X[rows]), Y[rows])))
            net.backward(loss.backward())
            optimizer.step()
            start = start + batch_size
        history.append(sum(losses) / len(losses))
        if epoch % 100 == 0:
            print(f"epoch {epoch} loss {history[-1]}")
        if stop and stop():
            return history
    return history


class Dropout(Module):
    def __init__(self, p, generator=None):
        super().__init__()
        self.p = p
        self.generator = generator

    def forward(self, X):
        if not self.training:
            self.mask = None
            return X
        self.mask = torch.zeros_like(X)
        for i in range(X.shape[0]):
            keep = torch.rand(X.shape[1], generator=self.generator) > self.p
            self.mask[i] = keep.to(X.dtype).to(X.device) / (1 - self.p)
        return self.mask * X

    def backward(self, delta):
        if self.mask is None:
            return delta
        return self.mask * delta


class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.losses = []
        self.saved = []

    def step(self, loss, params):
        self.losses.append(float(loss))
        self.params = params
        self.saved.append([p.data.clone() for p in params])
        return len(self.losses) - 1 - self.best() >= self.patience

    def best(self):
        best = 0
        for i in range(len(self.losses)):
            if self.losses[i] < self.losses[best]:
                best = i
        return best

    def restore(self):
        for p, d in zip(self.params, self.saved[self.best()]):
            p.data = d
