"""graphlib sorts the graph, dataclass and match make the nodes, one function has all derivatives; separable by sklearn's Perceptron."""

import math
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, Union

import numpy as np
import torch
from sklearn.linear_model import Perceptron

Number = Union[int, float]


def separable(points, labels):
    if len(set(labels)) < 2:
        return True
    machine = Perceptron(max_iter=3000, tol=None, shuffle=False).fit(np.array(points, dtype=float), labels)
    signs = np.where(np.array(labels) == 1, 1.0, -1.0)
    return bool((signs * machine.decision_function(points) > 0).all())


def forward(x, y):
    return (x + y, (x + y) * y)


def backward(x, y):
    a = x + y
    grads = {"b": 1.0}
    grads["a"] = grads["b"] * y
    grads["x"] = grads["a"]
    grads["y"] = grads["b"] * a + grads["a"]
    return grads["x"], grads["y"]


@dataclass(eq=False, repr=False)
class Value:
    data: Number
    _children: tuple = ()
    _op: str = ""
    _arg: Any = None
    grad: float = field(default=0.0, init=False)

    def __post_init__(self):
        self._prev = set(self._children)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(data={self.data:.3f}, grad={self.grad:.3f})"

    def _local(self):
        """The derivative of this node with respect to each of its children."""
        values = [child.data for child in self._children]
        match self._op, values:
            case "+", _:
                return (1.0, 1.0)
            case "*", [a, b]:
                return (b, a)
            case "**", [a]:
                return (self._arg * a ** (self._arg - 1),)
            case "exp", _:
                return (self.data,)
            case "tanh", _:
                return (1 - self.data**2,)
            case "relu", [a]:
                return (1.0 if a > 0 else 0.0,)
            case _:
                return ()

    def _backward(self):
        for child, slope in zip(self._children, self._local()):
            child.grad += slope * self.grad

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), "*")

    def __pow__(self, k):
        assert isinstance(k, (int, float)), "only numbers"
        return Value(self.data**k, (self,), "**", k)

    def exp(self):
        return Value(math.exp(self.data), (self,), "exp")

    def tanh(self):
        return Value(math.tanh(self.data), (self,), "tanh")

    def relu(self):
        return Value(max(0.0, self.data), (self,), "relu")

    def backward(self):
        graph, todo = {}, [self]
        while todo:
            node = todo.pop()
            if node not in graph:
                graph[node] = node._prev
                todo.extend(node._prev)
        order = list(TopologicalSorter(graph).static_order())
        self.grad = 1.0
        for node in reversed(order):
            node._backward()

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return (-self) + other
    def __truediv__(self, other): return self * (other**-1 if isinstance(other, Value) else 1 / other)
    def __rtruediv__(self, other): return other * self**-1


XOR_POINTS = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
XOR_LABELS = [-1.0, 1.0, 1.0, -1.0]


class MLP:
    def __init__(self, numbers):
        self.weights = [Value(number) for number in numbers]

    def __call__(self, point):
        x1, x2 = point
        out = self.weights[16]
        for j in range(4):
            u, v, c = self.weights[3 * j : 3 * j + 3]
            out = out + self.weights[12 + j] * (u * x1 + v * x2 + c).tanh()
        return out

    def zero_grad(self):
        for weight in self.weights:
            weight.grad = 0

    def step(self, lr):
        for weight in self.weights:
            weight.data += -lr * weight.grad


def train_xor(start, lr, epochs):
    model, history = MLP(start), []
    for _ in range(epochs):
        losses = [(model(point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        model.step(lr)
        history.append(loss.data)
    return [weight.data for weight in model.weights], history


def torch_same(x, y):
    t = torch.tensor([x, y], dtype=torch.float64)
    f = lambda t: ((t[0] + t[1]) * t[1]).tanh() + t[0] ** 2
    jacobian = torch.autograd.functional.jacobian(f, t)
    return (float(f(t)), *jacobian.tolist())
