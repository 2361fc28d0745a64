"""Closures are lambdas in a list of pairs (parent, how); gradients are collected in a dictionary and then written."""

from math import exp as e
from math import tanh as th

import torch


def separable(points, labels):
    w = [0, 0, 0]
    for _ in range(2000):
        wrong = [
            ((p[0], p[1], 1), 1 if l else -1)
            for p, l in zip(points, labels)
            if (1 if l else -1) * (w[0] * p[0] + w[1] * p[1] + w[2]) <= 0
        ]
        if not wrong:
            return True
        point, sign = wrong[_ % len(wrong)]
        w = [wi + sign * pi for wi, pi in zip(w, point)]
    return False


forward = lambda x, y: (x + y, (x + y) * y)  # noqa: E731
backward = lambda x, y: (y, (x + y) + y)  # noqa: E731

V = lambda x: x if hasattr(x, "_prev") else Value(x)  # noqa: E731


class Value(object):
    count = 0

    def __init__(self, data, _children=(), ways=(), _op=""):
        self.data, self.grad, self._op = data, 0.0, _op
        self._prev, self._ways = _children, ways
        Value.count += 1
        self.number = Value.count  # a node is always younger than those that it is made of

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def _backward(self):
        for parent, way in zip(self._prev, self._ways):
            parent.grad += way(self.grad)

    __add__ = lambda a, b: Value(a.data + V(b).data, (a, V(b)), (lambda g: g, lambda g: g), "+")
    __radd__ = lambda a, b: V(b) + a
    __neg__ = lambda a: Value(-a.data, (a,), (lambda g: -g,), "neg")
    __sub__ = lambda a, b: a + -V(b)
    __rsub__ = lambda a, b: V(b) - a

    def __mul__(a, b):
        b = V(b)
        return Value(a.data * b.data, (a, b), (lambda g: g * b.data, lambda g: g * a.data), "*")

    __rmul__ = __mul__
    __pow__ = lambda a, k: Value(a.data**k, (a,), (lambda g: g * k * a.data ** (k - 1),), f"**{k}")
    __truediv__ = lambda a, b: a * V(b) ** -1
    __rtruediv__ = lambda a, b: V(b) / a

    def exp(self):
        y = e(self.data)
        return Value(y, (self,), (lambda g: g * y,), "exp")

    def tanh(self):
        y = th(self.data)
        return Value(y, (self,), (lambda g: g * (1 - y * y),), "tanh")

    def relu(self):
        return Value(max(self.data, 0), (self,), (lambda g: g if self.data > 0 else 0,), "relu")

    def backward(self):
        nodes, todo = {self.number: self}, [self]
        while todo:
            fresh = [p for p in todo.pop()._prev if p.number not in nodes]
            nodes.update({p.number: p for p in fresh})
            todo += fresh
        inflow = dict.fromkeys(nodes, 0.0)
        inflow[self.number] = 1.0
        for number in sorted(nodes, reverse=True):
            node = nodes[number]
            for parent, way in zip(node._prev, node._ways):
                inflow[parent.number] += way(inflow[number])
        for number, node in nodes.items():
            node.grad = inflow[number] if node is self else node.grad + inflow[number]


def train_xor(start, lr, epochs):
    w, history = [Value(v) for v in start], []
    while len(history) < epochs:
        loss = Value(0.0)
        for a, b in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            hidden = [(w[i] * a + w[i + 1] * b + w[i + 2]).tanh() for i in range(0, 12, 3)]
            guess = sum((u * h for u, h in zip(w[12:16], hidden)), w[16])
            loss = loss + (guess - (-a * b)) ** 2 * 0.25
        for v in w:
            v.grad = 0.0
        loss.backward()
        history += [loss.data]
        w = [Value(v.data - lr * v.grad) for v in w]
    return [v.data for v in w], history


def torch_same(x, y):
    leaves = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    out = torch.tanh(leaves.sum() * leaves[1]) + leaves[0].square()
    (grad,) = torch.autograd.grad(out, leaves)
    return (float(out), *grad.tolist())
