"""The well-known style: sets, `_op`, minus and divided made of + and **, a recursive order with a raised limit."""

import math
import random
import sys

import torch

sys.setrecursionlimit(50_000)


class Value:
    """stores a single scalar value and its gradient"""

    def __init__(self, data, _children=(), _op="", label=""):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op
        self.label = label

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, other):
        assert isinstance(other, (int, float)), "only int and float powers"
        out = Value(self.data**other, (self,), f"**{other}")

        def _backward():
            self.grad += other * (self.data ** (other - 1)) * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), "ReLU")

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        x = self.data
        t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
        out = Value(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), "exp")

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def backward(self):
        topo = []
        visited = set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)

        build_topo(self)
        self.grad = 1.0
        for node in reversed(topo):
            node._backward()

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"


def separable(points, labels):
    """Try random lines? No: all lines whose normal has whole numbers up to 6 is enough on this grid."""
    zeros = [p for p, l in zip(points, labels) if l == 0]
    ones = [p for p, l in zip(points, labels) if l == 1]
    if len(zeros) == 0 or len(ones) == 0:
        return True
    for a in range(-6, 7):
        for b in range(-6, 7):
            if max(a * x + b * y for x, y in zeros) < min(a * x + b * y for x, y in ones):
                return True
    return False


def forward(x, y):
    a = x + y
    return [a, a * y]


def backward(x, y):
    dx = y
    dy = (x + y) + y
    return [dx, dy]


def network(weights, x1, x2):
    hidden = [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]
    return sum(w * h for w, h in zip(weights[12:16], hidden)) + weights[16]


def train_xor(start, lr, epochs):
    xs = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
    ys = [-1.0, 1.0, 1.0, -1.0]
    parameters = [Value(w, label=f"w{i}") for i, w in enumerate(start)]
    history = []
    for k in range(epochs):
        ypred = [network(parameters, *x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred)) * (1 / len(ys))
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data += -lr * p.grad
        history.append(loss.data)
    return [p.data for p in parameters], history


def torch_same(x, y):
    x = torch.Tensor([x]).double()
    x.requires_grad = True
    y = torch.Tensor([y]).double()
    y.requires_grad = True
    o = torch.tanh((x + y) * y) + x**2
    o.backward()
    return o.data.item(), x.grad.item(), y.grad.item()


random.seed(1337)
a = Value(2.0, label="a")
b = Value(-3.0, label="b")
print((a * b + a).tanh())
