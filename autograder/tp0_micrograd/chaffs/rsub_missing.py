"""2 - x is not defined."""

# loses: value.numbers (1)
# mistake: no operator

def rsub(self, other):
    return NotImplemented
