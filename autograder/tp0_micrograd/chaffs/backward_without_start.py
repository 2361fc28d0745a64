"""backward() forgets that its own gradient is 1."""

# loses: value.tree (2)
# mistake: start of backward

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
    # self.grad = 1.0
    for node in reversed(order):
        node._backward()
