"""2 - x gives x - 2."""

# loses: value.numbers (1)

def rsub(self, other):
    return self - other
