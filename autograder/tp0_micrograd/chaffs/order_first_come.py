"""Depth first, each node as soon as it is met; right on the example, by luck of the order."""

# loses: value.order (8)
# mistake: visited early

def go_back(self):
    order, seen, waiting = [], set(), [self]
    while waiting:
        node = waiting.pop(0)
        if node not in seen:
            seen.add(node)
            order.append(node)
            waiting = list(node._prev) + waiting
    self.grad = 1.0
    for node in order:
        node._backward()
