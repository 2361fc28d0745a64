"""Two Values of the same number are equal and have the same hash, so the set of what was seen drops one of two nodes."""

# loses: value.reuse (3)
# mistake: by value

class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)
        self._backward = lambda: None

    def __eq__(self, other):
        return isinstance(other, Value) and self.data == other.data

    def __hash__(self):
        return hash(self.data)

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"
