"""backward has no body: every gradient stays 0, in whichever way an expression is written."""

# loses: value.tree, value.reuse, value.order, value.long_chain, value.numbers, value.minus_div_pow (7), value.exp (2), value.tanh (2), value.relu (2)
# mistake: nothing back, start of backward

def go_back(self):
    pass
