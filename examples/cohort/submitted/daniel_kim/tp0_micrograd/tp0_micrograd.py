"""Lab 0, Daniel Kim. A tape instead of a graph search: operations are written down in the order in which they happen."""

import math
from itertools import product

import torch

TAPE = []


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)
        self._backward = lambda: None
        if self._prev:
            TAPE.append(self)

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def backward(self):
        needed, todo = {self}, [self]
        while todo:
            new = [v for v in todo.pop()._prev if v not in needed]
            needed.update(new)
            todo += new
        self.grad = 1.0
        for v in reversed(TAPE):
            if v in needed:
                v._backward()


def op(function, *derivatives):
    """Make an operation from a function of numbers and its partial derivatives."""

    def method(*args):
        nodes = [a if isinstance(a, Value) else Value(a) for a in args]
        numbers = [n.data for n in nodes]
        out = Value(function(*numbers), nodes)

        def _backward():
            for node, derivative in zip(nodes, derivatives):
                node.grad += derivative(*numbers) * out.grad

        out._backward = _backward
        return out

    return method


def swapped(method):
    return lambda self, other: method(other, self)


def one(*_):
    return 1.0


Value.__add__ = op(lambda a, b: a + b, one, one)
Value.__sub__ = op(lambda a, b: a - b, one, lambda a, b: -1.0)
Value.__mul__ = op(lambda a, b: a * b, lambda a, b: b, lambda a, b: a)
Value.__truediv__ = op(lambda a, b: a / b, lambda a, b: 1 / b, lambda a, b: -a / (b * b))
Value.__neg__ = op(lambda a: -a, lambda a: -1.0)
Value.exp = op(math.exp, math.exp)
Value.tanh = op(math.tanh, lambda a: 1 - math.tanh(a) ** 2)
Value.relu = op(lambda a: a if a > 0 else 0.0, lambda a: 1.0 if a > 0 else 0.0)
Value.__pow__ = lambda self, k: op(lambda a: a**k, lambda a: k * a ** (k - 1))(self)
for name in ("add", "sub", "mul", "truediv"):
    setattr(Value, f"__r{name}__", swapped(getattr(Value, f"__{name}__")))


def separable(points, labels):
    """A line of the widest gap is perpendicular to the difference of two points, or to the line through two of them."""
    for (x, y), (u, v) in product(points, points):
        for a, b in ((x - u, y - v), (y - v, u - x)):
            heights = [[a * p + b * q for (p, q), label in zip(points, labels) if label == k] for k in (0, 1)]
            if not heights[0] or not heights[1] or max(heights[0]) < min(heights[1]):
                return True
    return False


def forward(x, y):
    a = x + y
    return a, a * y


def backward(x, y):
    a, _ = forward(x, y)
    da, dy = y, a
    return da, dy + da


def network(w, x1, x2):
    h = [(w[3 * j] * x1 + w[3 * j + 1] * x2 + w[3 * j + 2]).tanh() for j in range(4)]
    return w[12] * h[0] + w[13] * h[1] + w[14] * h[2] + w[15] * h[3] + w[16]


def train_xor(start, lr, epochs):
    numbers, history = list(start), []
    for _ in range(epochs):
        TAPE.clear()
        w = [Value(n) for n in numbers]
        loss = sum((network(w, a, b) + a * b) ** 2 for a, b in product((-1, 1), (-1, 1))) / 4
        loss.backward()
        history.append(loss.data)
        numbers = [v.data - lr * v.grad for v in w]
    return numbers, history


def torch_same(x, y):
    leaves = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    f = ((leaves[0] + leaves[1]) * leaves[1]).tanh() + leaves[0] ** 2
    return (f.item(), *torch.autograd.grad(f, leaves)[0].tolist())


if __name__ == "__main__":
    _, history = train_xor((2 * torch.rand(17) - 1).tolist(), 0.2, 200)
    print("XOR, cost", history[0], "->", history[-1])
