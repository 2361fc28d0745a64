"""The class, in a file of its own."""

from math import exp, tanh


class Value(object):
    compteur = 0

    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = frozenset(_children)
        self._backward = lambda: None
        Value.compteur += 1
        self.numero = Value.compteur  # operands are always older than results

    def _result(self, data, *parts):
        out = Value(data, tuple(parent for parent, _ in parts))

        def _backward():
            for parent, derivative in parts:
                parent.grad += derivative * out.grad

        out._backward = _backward
        return out

    @classmethod
    def _wrap(cls, other):
        return other if isinstance(other, cls) else cls(other)

    def __repr__(self):
        return f"{type(self).__name__}(data={self.data:.3f}, grad={self.grad:.3f})"

    def __add__(self, other):
        other = self._wrap(other)
        return self._result(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = self._wrap(other)
        return self._result(self.data * other.data, (self, other.data), (other, self.data))

    def __sub__(self, other):
        other = self._wrap(other)
        return self._result(self.data - other.data, (self, 1.0), (other, -1.0))

    def __truediv__(self, other):
        other = self._wrap(other)
        q = self.data / other.data
        return self._result(q, (self, 1 / other.data), (other, -q / other.data))

    def __pow__(self, k):
        return self._result(self.data**k, (self, k * self.data ** (k - 1)))

    def __neg__(self):
        return self._result(-self.data, (self, -1.0))

    def __radd__(self, other):
        return self._wrap(other).__add__(self)

    def __rmul__(self, other):
        return self._wrap(other).__mul__(self)

    def __rsub__(self, other):
        return self._wrap(other).__sub__(self)

    def __rtruediv__(self, other):
        return self._wrap(other).__truediv__(self)

    def exp(self):
        e = exp(self.data)
        return self._result(e, (self, e))

    def tanh(self):
        t = tanh(self.data)
        return self._result(t, (self, (1 - t) * (1 + t)))

    def relu(self):
        return self._result(max(self.data, 0.0), (self, 1.0 if self.data > 0 else 0.0))

    def backward(self):
        seen, todo = {self}, [self]
        while todo:
            for parent in todo.pop()._prev:
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        self.grad = 1.0
        for node in sorted(seen, key=lambda node: -node.numero):
            node._backward()
