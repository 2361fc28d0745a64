"""Every node of the graph gets the gradient 1, whatever it does."""

# loses: value.tree (2), value.reuse, value.order, value.numbers (4), value.minus_div_pow (7), value.exp (2), value.tanh (2), value.relu (2)
# mistake: local derivative, overwritten, sign, sign of one side

def go_back(self):
    waiting = [self]
    while waiting:
        node = waiting.pop()
        node.grad = 1.0
        waiting.extend(node._prev)
