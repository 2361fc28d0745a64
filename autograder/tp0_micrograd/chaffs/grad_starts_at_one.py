"""grad is 1.0 at first, so every gradient is 1 too large; nothing that adds up can be right."""

# loses: value.ops (1), value.tree (6), value.reuse, value.order, value.long_chain, value.numbers, value.minus_div_pow (6), value.exp (1), value.tanh (1), value.relu (1)

class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 1.0
        self._prev = tuple(_children)
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"
