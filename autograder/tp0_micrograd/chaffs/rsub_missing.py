"""2 - x is not defined."""

# loses: value.numbers (1)

def rsub(self, other):
    return NotImplemented
