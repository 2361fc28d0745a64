"""The method is called backprop."""

# loses: value.tree (2)

def go_back(self):
    raise AttributeError("backward")


def backprop(self):
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
        node._backward()


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def backprop(self):
        backprop(self)


def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        for weight in weights:
            weight.grad = 0.0
        cost.backprop()
        for weight in weights:
            weight.data -= lr * weight.grad
        history.append(cost.data)
    return [weight.data for weight in weights], history
