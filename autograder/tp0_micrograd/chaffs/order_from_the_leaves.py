"""The order is right, but gone through from the leaves."""

# loses: value.tree (6), value.reuse (3), value.order, value.long_chain
# mistake: visited early

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
    for node in order:
        node._backward()
