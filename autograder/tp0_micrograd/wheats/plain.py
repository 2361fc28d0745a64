"""Closures that add to gradients, an order without recursion: the style of the solution."""

import math

import torch


def separable(points, labels):
    w1 = w2 = b = 0
    for _ in range(1000):
        corrected = False
        for (x1, x2), label in zip(points, labels):
            sign = 1 if label == 1 else -1
            if sign * (w1 * x1 + w2 * x2 + b) <= 0:
                w1, w2, b = w1 + sign * x1, w2 + sign * x2, b + sign
                corrected = True
        if not corrected:
            return True
    return False


def forward(x, y):
    a = x + y
    b = a * y
    return a, b


def backward(x, y):
    a, b = forward(x, y)
    db = 1.0
    da, dy_2 = db * y, db * a
    dx, dy_1 = da * 1.0, da * 1.0
    return dx, dy_1 + dy_2


def as_value(other):
    return other if isinstance(other, Value) else Value(other)


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)  # in order, so that chaffs lose the same each time
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"


def add(self, other):
    other = as_value(other)
    out = Value(self.data + other.data, (self, other))

    def _backward():
        self.grad += out.grad
        other.grad += out.grad

    out._backward = _backward
    return out


def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad += other.data * out.grad
        other.grad += self.data * out.grad

    out._backward = _backward
    return out


def go_back(self):
    order, seen, waiting = [], set(), [(self, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((child, False) for child in node._prev)
    self.grad = 1.0
    for node in reversed(order):
        node._backward()


def power(self, k):
    out = Value(self.data**k, (self,))

    def _backward():
        self.grad += k * self.data ** (k - 1) * out.grad

    out._backward = _backward
    return out


def neg(self):
    return self * -1


def sub(self, other):
    return self + (-as_value(other))


def div(self, other):
    return self * as_value(other) ** -1


def radd(self, other):
    return self + other


def rmul(self, other):
    return self * other


def rsub(self, other):
    return as_value(other) - self


def rdiv(self, other):
    return as_value(other) / self


def exp(self):
    out = Value(math.exp(self.data), (self,))

    def _backward():
        self.grad += out.data * out.grad

    out._backward = _backward
    return out


def tanh(self):
    out = Value(math.tanh(self.data), (self,))

    def _backward():
        self.grad += (1 - out.data**2) * out.grad

    out._backward = _backward
    return out


def relu(self):
    out = Value(max(0.0, self.data), (self,))

    def _backward():
        self.grad += (self.data > 0) * out.grad

    out._backward = _backward
    return out


# Methods stand apart, so that a chaff can replace a single one.
for name, method in (
    ("__add__", lambda self, other: add(self, other)),
    ("__mul__", lambda self, other: mul(self, other)),
    ("__pow__", lambda self, k: power(self, k)),
    ("__neg__", lambda self: neg(self)),
    ("__sub__", lambda self, other: sub(self, other)),
    ("__truediv__", lambda self, other: div(self, other)),
    ("__radd__", lambda self, other: radd(self, other)),
    ("__rmul__", lambda self, other: rmul(self, other)),
    ("__rsub__", lambda self, other: rsub(self, other)),
    ("__rtruediv__", lambda self, other: rdiv(self, other)),
    ("exp", lambda self: exp(self)),
    ("tanh", lambda self: tanh(self)),
    ("relu", lambda self: relu(self)),
    ("backward", lambda self: go_back(self)),
):
    setattr(Value, name, method)


def network(weights, x1, x2):
    hidden = [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]
    return sum(weights[12 + j] * hidden[j] for j in range(4)) + weights[16]


XOR_POINTS = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
XOR_LABELS = [-1.0, 1.0, 1.0, -1.0]


def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        for weight in weights:
            weight.grad = 0.0
        cost.backward()
        for weight in weights:
            weight.data -= lr * weight.grad
        history.append(cost.data)
    return [weight.data for weight in weights], history


def torch_same(x, y):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(y, dtype=torch.float64, requires_grad=True)
    f = ((x + y) * y).tanh() + x**2
    f.backward()
    return f.item(), x.grad.item(), y.grad.item()
