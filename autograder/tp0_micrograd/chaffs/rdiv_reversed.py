"""1 / x gives x / 1."""

# loses: value.numbers (1)

def rdiv(self, other):
    return self / other
