"""Annotations that Python 3.14 does not evaluate: the class names itself unquoted; `override` and `Self` from typing; generics."""

import logging
import math
from collections.abc import Callable, Iterator
from typing import Self, override

import torch

log = logging.getLogger(__name__)
type_numbers = int | float


def separable(points: list[tuple[int, int]], labels: list[int]) -> bool:
    w1 = w2 = bias = 0
    for _round in range(2000):
        errors = 0
        for (x1, x2), label in zip(points, labels, strict=True):
            sign = 2 * label - 1
            if sign * (w1 * x1 + w2 * x2 + bias) <= 0:
                w1, w2, bias, errors = w1 + sign * x1, w2 + sign * x2, bias + sign, errors + 1
        if not errors:
            return True
    return False


def forward(x: float, y: float) -> tuple[float, float]:
    return (a := x + y), a * y


def backward(x: float, y: float) -> tuple[float, float]:
    a, _b = forward(x, y)
    return y, a + y


class Node:
    def topological(self) -> Iterator[Self]:
        raise NotImplementedError


class Value(Node):
    data: float
    grad: float
    _prev: tuple[Value, ...]
    _backward: Callable[[], None]

    def __init__(self, data: int | float, _children: tuple[Value, ...] = ()) -> None:
        self.data: float = data
        self.grad: float = 0.0
        self._prev = _children
        self._backward = lambda: None

    def __repr__(self) -> str:
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def then(self, data: float, *pieces: tuple[Value, Callable[[], float]]) -> Value:
        out = Value(data, tuple(value for value, _ in pieces))

        def _backward() -> None:
            for value, slope in pieces:
                value.grad += slope() * out.grad

        out._backward = _backward
        return out

    def __add__(self, other: Value | int | float) -> Value:
        other = as_value(other)
        return self.then(self.data + other.data, (self, lambda: 1.0), (other, lambda: 1.0))

    def __mul__(self, other: Value | int | float) -> Value:
        other = as_value(other)
        return self.then(self.data * other.data, (self, lambda b=other.data: b), (other, lambda a=self.data: a))

    def __pow__(self, k: int | float) -> Value:
        return self.then(self.data**k, (self, lambda: k * self.data ** (k - 1)))

    def __neg__(self) -> Value:
        return -1 * self

    def __sub__(self, other: Value | int | float) -> Value:
        return self + -as_value(other)

    def __truediv__(self, other: Value | int | float) -> Value:
        return self * as_value(other) ** -1

    def __radd__(self, other: int | float) -> Value:
        return self + other

    def __rmul__(self, other: int | float) -> Value:
        return self * other

    def __rsub__(self, other: int | float) -> Value:
        return as_value(other) - self

    def __rtruediv__(self, other: int | float) -> Value:
        return as_value(other) / self

    def exp(self) -> Value:
        out = self.then(math.exp(self.data), (self, lambda: out.data))
        return out

    def tanh(self) -> Value:
        out = self.then(math.tanh(self.data), (self, lambda: 1 - out.data**2))
        return out

    def relu(self) -> Value:
        return self.then(max(0.0, self.data), (self, lambda: float(self.data > 0)))

    @override
    def topological(self) -> Iterator[Value]:
        seen: set[Value] = set()
        stack: list[tuple[Value, Iterator[Value]]] = [(self, iter(self._prev))]
        seen.add(self)
        while stack:
            node, children = stack[-1]
            for child in children:
                if child not in seen:
                    seen.add(child)
                    stack.append((child, iter(child._prev)))
                    break
            else:
                stack.pop()
                yield node

    def backward(self) -> None:
        self.grad = 1.0
        for node in reversed(list(self.topological())):
            node._backward()


def as_value(other: Value | int | float) -> Value:
    return other if isinstance(other, Value) else Value(other)


def network(weights: list[Value], x1: float, x2: float) -> Value:
    total = weights[16]
    for j in range(4):
        total += weights[12 + j] * (weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh()
    return total


def train_xor(start: list[float], lr: float, epochs: int) -> tuple[list[float], list[float]]:
    points = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
    weights, history = [Value(number) for number in start], list[float]()
    for epoch in range(epochs):
        cost = sum((network(weights, x1, x2) + x1 * x2) ** 2 for x1, x2 in points) / len(points)  # label: -x1 * x2
        cost.backward()
        history.append(cost.data)
        for weight in weights:
            weight.data, weight.grad = weight.data - lr * weight.grad, 0.0
        log.debug("epoch %d: %g", epoch, cost.data)
    return [weight.data for weight in weights], history


def torch_same(x: float, y: float) -> tuple[float, float, float]:
    def f(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.tanh((x + y) * y) + x**2

    grads, value = torch.func.grad_and_value(f, argnums=(0, 1))(
        torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)
    )
    return value.item(), grads[0].item(), grads[1].item()
