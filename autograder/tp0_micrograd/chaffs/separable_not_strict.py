"""Points may lie on the line."""

# loses: separable (1)

def separable(points, labels):
    ones = [p for p, label in zip(points, labels) if label == 1]
    zeros = [p for p, label in zip(points, labels) if label == 0]
    if not ones or not zeros:
        return True
    for a in range(-6, 7):
        for b in range(-6, 7):
            if (a, b) != (0, 0):
                if max(a * x + b * y for x, y in zeros) <= min(a * x + b * y for x, y in ones):
                    return True
    return False
