"""No closures: each node keeps its local derivatives, backward() counts who still has to be heard. separable by scipy."""

from __future__ import annotations

import math as m

import numpy as np
import torch as th
from scipy.optimize import linprog


def separable(pts, lbls):
    signs = np.where(np.asarray(lbls) == 1, 1.0, -1.0)
    rows = -signs[:, None] * np.column_stack([np.asarray(pts, dtype=float), np.ones(len(lbls))])
    result = linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(lbls)), bounds=[(None, None)] * 3)
    return result.status == 0


def forward(u, v):
    total = u + v
    return total, total * v


def backward(u, v):
    upstream = 1.0
    d_total = upstream * v
    d_v = upstream * (u + v)
    d_u = d_total
    d_v += d_total
    return d_u, d_v


class Value:
    __slots__ = ("data", "grad", "_prev", "_local", "_backward")

    def __init__(self, data, _children=(), local=()):
        self.data, self.grad = data, 0.0
        self._prev, self._local = tuple(_children), tuple(local)
        self._backward = self._send

    def _send(self):
        for parent, derivative in zip(self._prev, self._local):
            parent.grad = parent.grad + derivative * self.grad

    def __repr__(self):
        return "Value(data=%.3f, grad=%.3f)" % (self.data, self.grad)

    @staticmethod
    def of(thing):
        return thing if type(thing) is Value else Value(float(thing))

    def __add__(self, o):
        o = Value.of(o)
        return Value(self.data + o.data, (self, o), (1, 1))

    def __sub__(self, o):
        o = Value.of(o)
        return Value(self.data - o.data, (self, o), (1, -1))

    def __mul__(self, o):
        o = Value.of(o)
        return Value(self.data * o.data, (self, o), (o.data, self.data))

    def __truediv__(self, o):
        o = Value.of(o)
        return Value(self.data / o.data, (self, o), (1 / o.data, -self.data / o.data**2))

    def __neg__(self):
        return Value(-self.data, (self,), (-1,))

    def __pow__(self, k):
        return Value(self.data**k, (self,), (k * self.data**k / self.data,))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, o):
        return Value.of(o) - self

    def __rtruediv__(self, o):
        return Value.of(o) / self

    def exp(self):
        e = m.exp(self.data)
        return Value(e, (self,), (e,))

    def tanh(self):
        t = m.tanh(self.data)
        return Value(t, (self,), (1 / m.cosh(self.data) ** 2,))

    def relu(self):
        return Value(self.data, (self,), (1,)) if self.data > 0 else Value(0.0, (self,), (0,))

    def backward(self):
        uses, found = {}, [self]
        for node in found:
            for parent in node._prev:
                if id(parent) not in uses:
                    uses[id(parent)] = 0
                    found.append(parent)
                uses[id(parent)] += 1
        self.grad = 1.0
        ready = [self]
        while ready:
            node = ready.pop()
            node._backward()
            for parent in node._prev:
                uses[id(parent)] -= 1
                if uses[id(parent)] == 0:
                    ready.append(parent)


def network(w, x1, x2):
    out = w[16]
    for j in range(4):
        out = out + w[12 + j] * (w[3 * j] * x1 + w[3 * j + 1] * x2 + w[3 * j + 2]).tanh()
    return out


def train_xor(start, lr, epochs):
    numbers, costs = list(start), []
    for _ in range(epochs):
        w = [Value(n) for n in numbers]  # fresh ones, so no gradient has to be set to 0
        error = Value(0.0)
        for x1 in (-1, 1):
            for x2 in (-1, 1):
                error = error + (network(w, x1, x2) + x1 * x2) ** 2 / 4
        error.backward()
        numbers = [n - lr * v.grad for n, v in zip(numbers, w)]
        costs.append(error.data)
    return numbers, costs


def torch_same(u, v):
    u, v = (th.tensor(float(n), requires_grad=True) for n in (u, v))
    result = th.tanh((u + v) * v) + u * u
    return [result.detach(), *th.autograd.grad(result, [u, v])]
