"""_backward is a list of functions, one per parent; operators are set in a loop; recursion in a thread of its own."""

import math
import operator
import sys
import threading

import torch


def separable(points, labels):
    ones = [p for p, l in zip(points, labels) if l == 1]
    zeros = [p for p, l in zip(points, labels) if l != 1]
    if not ones or not zeros:
        return True
    w = [0.0, 0.0, 0.0]
    steps = 0
    i = 0
    data = [(p[0], p[1], 1) for p in ones] + [(-p[0], -p[1], -1) for p in zeros]
    right = 0
    while right < len(data) and steps < 20000:
        row = data[i % len(data)]
        if sum(a * b for a, b in zip(w, row)) > 0:
            right += 1
        else:
            w = [a + b for a, b in zip(w, row)]
            right = 0
        i += 1
        steps += 1
    return right >= len(data)


def forward(x, y):
    return (a := x + y), a * y


def backward(x, y):
    grads = {"b": 1.0, "a": 0.0, "x": 0.0, "y": 0.0}
    grads["a"] += y * grads["b"]
    grads["y"] += (x + y) * grads["b"]
    for name in ("x", "y"):
        grads[name] += grads["a"]
    return grads["x"], grads["y"]


class Value:
    def __init__(self, data, _children=(), _backward=()):
        self.data = data
        self.grad = 0.0
        self._prev = set(_children)
        self._backward = list(_backward)

    def __repr__(self):
        return f"Value(data={round(self.data, 3):.3f}, grad={round(self.grad, 3):.3f})"

    def zero_grad(self):
        self.grad = 0.0

    def exp(self):
        return _unary(self, math.exp, lambda x, y: y)

    def tanh(self):
        return _unary(self, math.tanh, lambda x, y: 1 - y**2)

    def relu(self):
        return _unary(self, lambda x: x * (x > 0), lambda x, y: float(x > 0))

    def __neg__(self):
        return _unary(self, operator.neg, lambda x, y: -1.0)

    def __pow__(self, other):
        assert not isinstance(other, Value)
        return _unary(self, lambda x: x**other, lambda x, y: other * x ** (other - 1))

    def backward(self):
        topo = []
        visited = set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)

        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(200_000)
        size = threading.stack_size(256 * 1024 * 1024)
        worker = threading.Thread(target=build_topo, args=(self,))
        worker.start()
        worker.join()
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
        self.grad = 1.0
        for node in reversed(topo):
            for send in node._backward:
                send(node)


def _unary(x, f, df):
    def send(out):
        x.grad += df(x.data, out.data) * out.grad

    return Value(f(x.data), (x,), [send])


def _binary(f, left, right):
    def apply(a, b):
        a, b = (v if isinstance(v, Value) else Value(v) for v in (a, b))

        def to_a(out):
            a.grad += left(a.data, b.data) * out.grad

        def to_b(out):
            b.grad += right(a.data, b.data) * out.grad

        return Value(f(a.data, b.data), (a, b), [to_a, to_b])

    return apply


for _name, _f, _left, _right in [
    ("add", operator.add, lambda a, b: 1.0, lambda a, b: 1.0),
    ("sub", operator.sub, lambda a, b: 1.0, lambda a, b: -1.0),
    ("mul", operator.mul, lambda a, b: b, lambda a, b: a),
    ("truediv", operator.truediv, lambda a, b: 1.0 / b, lambda a, b: -a / b**2),
]:
    _apply = _binary(_f, _left, _right)
    setattr(Value, f"__{_name}__", _apply)
    setattr(Value, f"__r{_name}__", lambda a, b, _apply=_apply: _apply(b, a))


class Neuron:
    def __init__(self, weights):
        *self.w, self.b = weights

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x)), self.b)


class MLP:
    def __init__(self, parameters):
        self.hidden = [Neuron(parameters[i : i + 3]) for i in range(0, 12, 3)]
        self.last = Neuron(parameters[12:])

    def __call__(self, x):
        return self.last([n(x).tanh() for n in self.hidden])


def train_xor(start, lr, epochs):
    parameters = list(map(Value, start))
    model = MLP(parameters)
    xs, ys = [[-1, -1], [-1, 1], [1, -1], [1, 1]], [-1, 1, 1, -1]
    history = []
    for _ in range(epochs):
        loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) * (1 / len(xs))
        history.append(loss.data)
        for p in parameters:
            p.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= lr * p.grad
    return [p.data for p in parameters], history


def torch_same(x, y):
    x, y = torch.tensor(float(x)).double(), torch.tensor(float(y)).double()
    for v in (x, y):
        v.requires_grad = True
    out = ((x + y) * y).tanh() + x.pow(2)
    out.backward()
    return out, x.grad, y.grad
