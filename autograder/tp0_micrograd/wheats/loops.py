"""The slowest honest style: lists searched from end to end, tanh made of exp, the whole grid of lines tried, float by float."""

import numpy as np
import torch


def separable(points, labels):
    n = len(points)
    for angle in range(0, 3600):
        t = angle * np.pi / 1800
        direction = (np.cos(t), np.sin(t))
        top_of_zeros = -1e9
        bottom_of_ones = 1e9
        for i in range(n):
            along = direction[0] * points[i][0] + direction[1] * points[i][1]
            if labels[i] == 0:
                top_of_zeros = max(top_of_zeros, along)
            else:
                bottom_of_ones = min(bottom_of_ones, along)
        if bottom_of_ones - top_of_zeros > 1e-6:
            return True
    return False


def forward(x, y):
    a = x + y
    b = a * y
    return (a, b)


def backward(x, y):
    (a, b) = forward(x, y)
    gradients = {"a": 0.0, "b": 1.0, "x": 0.0, "y": 0.0}
    gradients["a"] += y * gradients["b"]
    gradients["y"] += a * gradients["b"]
    gradients["x"] += gradients["a"]
    gradients["y"] += gradients["a"]
    return (gradients["x"], gradients["y"])


class Value:
    def __init__(self, data, _children=()):
        self.data = np.float64(data)
        self.grad = np.float64(0.0)
        self._prev = list(_children)
        self._backward = self.nothing

    def nothing(self):
        pass

    def __repr__(self):
        return "Value(data=" + format(self.data, ".3f") + ", grad=" + format(self.grad, ".3f") + ")"

    def __add__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        result = Value(self.data + other.data, [self, other])

        def send():
            self.grad = self.grad + result.grad
            other.grad = other.grad + result.grad

        result._backward = send
        return result

    def __radd__(self, other):
        return Value(other) + self

    def __mul__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        result = Value(self.data * other.data, [self, other])

        def send():
            self.grad = self.grad + result.grad * other.data
            other.grad = other.grad + result.grad * self.data

        result._backward = send
        return result

    def __rmul__(self, other):
        return Value(other) * self

    def __neg__(self):
        return Value(-1.0) * self

    def __sub__(self, other):
        return self + (-1.0) * other

    def __rsub__(self, other):
        return Value(other) - self

    def inverse(self):
        result = Value(1 / self.data, [self])

        def send():
            self.grad = self.grad - result.grad / (self.data * self.data)

        result._backward = send
        return result

    def __truediv__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        return self * other.inverse()

    def __rtruediv__(self, other):
        return self.inverse() * other

    def __pow__(self, k):
        result = Value(np.power(self.data, float(k)), [self])

        def send():
            self.grad = self.grad + result.grad * k * np.power(self.data, float(k) - 1)

        result._backward = send
        return result

    def exp(self):
        result = Value(np.exp(self.data), [self])

        def send():
            self.grad = self.grad + result.grad * np.exp(self.data)

        result._backward = send
        return result

    def tanh(self):
        e = (2 * self).exp()
        return (e - 1) / (e + 1)

    def relu(self):
        result = Value(np.maximum(0, self.data), [self])

        def send():
            if self.data > 0:
                self.grad = self.grad + result.grad

        result._backward = send
        return result

    def backward(self):
        order = []  # each node after those that it comes from; searched from end to end
        stack = [self]
        while len(stack) > 0:
            node = stack[-1]
            missing = None
            for child in node._prev:
                if not any(child is known for known in reversed(order)):
                    missing = child
                    break
            if missing is None:
                stack.pop()
                if not any(node is known for known in reversed(order)):
                    order.append(node)
            else:
                stack.append(missing)
        self.grad = np.float64(1.0)
        for node in order[::-1]:
            node._backward()


def network(weights, x1, x2):
    output = weights[16]
    for j in range(4):
        hidden = (weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh()
        output = output + weights[12 + j] * hidden
    return output


def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = Value(0.0)
        for x1, x2, label in ((-1, -1, -1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)):
            difference = network(weights, x1, x2) - label
            cost = cost + difference * difference
        cost = cost / 4
        for i in range(17):
            weights[i].grad = 0
        cost.backward()
        for i in range(17):
            weights[i].data = weights[i].data - lr * weights[i].grad
        history.append(cost)
    return weights, history


def torch_same(x, y):
    p = torch.nn.Parameter(torch.tensor([x, y], dtype=torch.float64))
    f = torch.tanh((p[0] + p[1]) * p[1]) + p[0].pow(2)
    f.backward()
    return np.array([f.item(), p.grad[0].item(), p.grad[1].item()]).tolist()
