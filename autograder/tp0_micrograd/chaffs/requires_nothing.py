"""A node keeps its children only where one of them requires a gradient, and nothing ever does."""

# loses: value.tree (6), value.reuse, value.order, value.long_chain, value.numbers, value.minus_div_pow (7), value.exp (2), value.tanh (2), value.relu (2)
# mistake: nothing back

class Value:
    def __init__(self, data, _children=(), requires_grad=False):
        self.data = data
        self.grad = 0.0
        self.requires_grad = requires_grad or any(child.requires_grad for child in _children)
        self._prev = tuple(_children)
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"


def go_back(self):
    order, seen, waiting = [], set(), [(self, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((child, False) for child in node._prev)
    self.grad = 1.0
    for node in reversed(order):
        if node.requires_grad:
            node._backward()
