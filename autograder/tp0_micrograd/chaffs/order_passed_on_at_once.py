"""Each node passes its gradient on whenever it is reached (162 instead of 49), by recursion."""

# loses: value.order, value.long_chain
# mistake: visited twice, recursion

def pass_on(node):
    node._backward()
    for child in node._prev:
        pass_on(child)


def go_back(self):
    self.grad = 1.0
    pass_on(self)
