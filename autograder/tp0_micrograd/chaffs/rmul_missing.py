"""2 * x is not defined."""

# loses: value.numbers (1.5)
# mistake: no operator

def rmul(self, other):
    return NotImplemented
