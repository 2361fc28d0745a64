"""Methods attached from outside, lambdas, one decorator that makes unary operations, counts of users instead of a sort, properties."""

import math
import operator
from collections import Counter, deque

import torch


def separable(points, labels):
    # toutes les droites : direction orthogonale à (ou le long de) la différence de deux points, un peu tournée
    signed = [(x, y, 1 if label else -1) for (x, y), label in zip(points, labels)]
    angles = [0.0]
    for ax, ay, _ in signed:
        for bx, by, _ in signed:
            if (ax, ay) != (bx, by):
                base = math.atan2(by - ay, bx - ax)
                angles += [base + quarter * math.pi / 2 + tilt for quarter in range(4) for tilt in (-1e-4, 0, 1e-4)]
    for angle in angles:
        c, s = math.cos(angle), math.sin(angle)
        ones = [c * x + s * y for x, y, sign in signed if sign > 0]
        zeros = [c * x + s * y for x, y, sign in signed if sign < 0]
        if not ones or not zeros or min(ones) - max(zeros) > 1e-9:
            return True
    return False


def forward(x, y):
    noeuds = {"a": x + y}
    noeuds["b"] = noeuds["a"] * y
    return tuple(noeuds.values())


def backward(x, y):
    (a, b), one = forward(x, y), 1
    return one * y, one * a + one * y


class Value:
    __slots__ = ("_backward", "_data", "_prev", "grad")

    def __init__(self, data, _children=()):
        self._data, self.grad, self._prev, self._backward = float(data), 0.0, frozenset(_children), Value._nothing

    @staticmethod
    def _nothing():
        return None

    @property
    def data(self):
        return self._data

    @data.setter
    def data(self, number):
        self._data = float(number)

    def __repr__(self):
        return "Value(data={:.3f}, grad={:.3f})".format(self.data, self.grad)


def to_value(thing):
    match thing:
        case Value():
            return thing
        case int() | float():
            return Value(thing)
        case _:
            raise TypeError(thing)


def binary(function, slopes):
    def method(self, other):
        other = to_value(other)
        out = Value(function(self.data, other.data), (self, other))

        def push():
            left, right = slopes(self.data, other.data)
            self.grad += left * out.grad
            other.grad += right * out.grad

        out._backward = push
        return out

    return method


def unary(slope):
    def decorate(function):
        def method(self, *args):
            out = Value(function(self.data, *args), (self,))

            def push():
                self.grad += slope(self.data, out.data, *args) * out.grad

            out._backward = push
            return out

        setattr(Value, function.__name__, method)
        return method

    return decorate


Value.__add__ = binary(operator.add, lambda a, b: (1.0, 1.0))
Value.__mul__ = binary(operator.mul, lambda a, b: (b, a))
Value.__sub__ = binary(operator.sub, lambda a, b: (1.0, -1.0))
Value.__truediv__ = binary(operator.truediv, lambda a, b: (1 / b, -a / b**2))
Value.__radd__ = lambda self, other: self + other
Value.__rmul__ = lambda self, other: self * other
Value.__rsub__ = lambda self, other: to_value(other) - self
Value.__rtruediv__ = lambda self, other: to_value(other) / self


@unary(lambda a, out, k: k * a ** (k - 1))
def __pow__(a, k):
    return a**k


@unary(lambda a, out: -1.0)
def __neg__(a):
    return -a


@unary(lambda a, out: out)
def exp(a):
    return math.exp(a)


@unary(lambda a, out: (1 - out) * (1 + out))
def tanh(a):
    return math.tanh(a)


@unary(lambda a, out: 1.0 if a > 0 else 0.0)
def relu(a):
    return max(a, 0.0)


def backward_value(self):
    users, queue, seen = Counter(), deque([self]), {id(self)}
    while queue:
        for child in queue.popleft()._prev:
            users[id(child)] += 1
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)
    self.grad = 1.0
    ready = [self]
    while ready:
        node = ready.pop()
        node._backward()
        for child in node._prev:
            users[id(child)] -= 1
            if users[id(child)] == 0:
                ready.append(child)


Value.backward = backward_value


def hidden(weights, x1, x2):
    return [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]


def network(weights, x1, x2):
    return sum(w * h for w, h in zip(weights[12:16], hidden(weights, x1, x2))) + weights[16]


DATA = (((-1.0, -1.0), -1.0), ((-1.0, 1.0), 1.0), ((1.0, -1.0), 1.0), ((1.0, 1.0), -1.0))


def cost_of(weights):
    total = Value(0)
    for (x1, x2), label in DATA:
        total = total + (network(weights, x1, x2) - label) ** 2
    return total / 4


def epochs_of(weights, lr):
    """Yield the cost at the start of each epoch, then move."""
    while True:
        for weight in weights:
            weight.grad = 0.0
        (cost := cost_of(weights)).backward()
        yield cost.data
        for weight in weights:
            weight.data -= lr * weight.grad


def train_xor(start, lr, epochs):
    weights = [*map(Value, start)]
    costs = epochs_of(weights, lr)
    history = []
    while len(history) < epochs:
        history.append(next(costs))
    if history:
        for weight in weights:  # the generator waits before its last move
            weight.data -= lr * weight.grad
    return [weight.data for weight in weights], history


def torch_same(x, y):
    x = torch.tensor(x, dtype=torch.float64).requires_grad_()
    y = torch.tensor(y, dtype=torch.float64).requires_grad_()
    f = ((x + y) * y).tanh() + x.square()
    f.backward()
    return f.detach(), x.grad, y.grad
