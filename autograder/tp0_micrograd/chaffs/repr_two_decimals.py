"""The text has two decimals."""

# loses: value.ops (1)

class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.2f}, grad={self.grad:.2f})"
