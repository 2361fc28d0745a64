# TP0, Gaëlle Petit
import math

import torch


def separable(points, labels):
    w1, w2, b = 0, 0, 0
    for tour in range(500):
        erreurs = 0
        for (x1, x2), label in zip(points, labels):
            cible = 2 * label - 1
            if cible * (w1 * x1 + w2 * x2 + b) <= 0:
                w1 += cible * x1
                w2 += cible * x2
                b += cible
                erreurs += 1
        if erreurs == 0:
            return True
    return False


def forward(x, y):
    a = x + y
    b = a * y
    return a, b


def backward(x, y):
    a, b = forward(x, y)
    db = 1.0
    da = db * y
    dx = da
    dy = db * a + da
    return dx, dy


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = set(_children)
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, k):
        out = Value(self.data**k, (self,))

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def exp(self):
        out = Value(math.exp(self.data), (self,))

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        # 1 - tanh(x)^2 pour la dérivée
        return Value(math.tanh(self.data), (self,))

    def relu(self):
        out = Value(max(0.0, self.data), (self,))

        def _backward():
            self.grad += (1.0 if self.data > 0 else 0.0) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        pile, ordre, vus = [self], [], set()
        while pile:
            v = pile[-1]
            suivant = next((e for e in v._prev if e not in vus), None)
            if suivant is not None:
                pile.append(suivant)
                continue
            pile.pop()
            if v not in vus:
                vus.add(v)
                ordre.append(v)
        self.grad = 1.0
        while ordre:
            ordre.pop()._backward()


def network(weights, x1, x2):
    h = [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]
    return sum(w * hj for w, hj in zip(weights[12:16], h)) + weights[16]


def train_xor(start, lr, epochs):
    weights = [Value(w) for w in start]
    history = []
    points = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
    labels = [-1.0, 1.0, 1.0, -1.0]
    for epoch in range(epochs):
        cost = sum((network(weights, *p) - t) ** 2 for p, t in zip(points, labels)) / 4
        cost.backward()
        for w in weights:
            w.data -= lr * w.grad
        history.append(cost.data)
    return [w.data for w in weights], history


print(train_xor([0.1 * (i % 7) - 0.3 for i in range(17)], 0.2, 50)[1][-1])


def torch_same(x, y):
    x = torch.tensor(x, requires_grad=True)
    y = torch.tensor(y, requires_grad=True)
    f = torch.tanh((x + y) * y) + x**2
    f.backward()
    return f.item(), x.grad.item(), y.grad.item()
