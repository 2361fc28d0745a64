"""Says False whatever the points."""

# loses: separable

def separable(points, labels):
    return False
