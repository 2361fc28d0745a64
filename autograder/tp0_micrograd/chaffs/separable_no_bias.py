"""The lines go through the origin: no bias."""

# loses: separable

def separable(points, labels):
    w1 = w2 = 0
    for _ in range(1000):
        corrected = False
        for (x1, x2), label in zip(points, labels):
            sign = 1 if label == 1 else -1
            if sign * (w1 * x1 + w2 * x2) <= 0:
                w1, w2 = w1 + sign * x1, w2 + sign * x2
                corrected = True
        if not corrected:
            return True
    return False
