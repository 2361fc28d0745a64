"""backward sets its own gradient to 1 and goes no further."""

# loses: value.tree (6), value.reuse, value.order, value.long_chain, value.numbers, value.minus_div_pow (7), value.exp (2), value.tanh (2), value.relu (2)
# mistake: nothing back

def go_back(self):
    self.grad = 1.0
