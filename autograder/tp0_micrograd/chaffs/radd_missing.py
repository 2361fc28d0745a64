"""2 + x is not defined, so sum does not work either."""

# loses: value.numbers (1.5)
# mistake: no operator

def radd(self, other):
    return NotImplemented
