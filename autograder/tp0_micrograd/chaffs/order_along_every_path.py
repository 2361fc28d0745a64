"""Nodes that were seen are not noted: a node stands in the order once for each path."""

# loses: value.order
# mistake: visited twice

def go_back(self):
    order, waiting = [], [(self, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            order.append(node)
        else:
            waiting.append((node, True))
            waiting.extend((child, False) for child in node._prev)
    self.grad = 1.0
    for node in reversed(order):
        node._backward()
