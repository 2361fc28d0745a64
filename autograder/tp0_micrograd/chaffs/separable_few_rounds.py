"""The perceptron gives up after 10 rounds."""

# loses: separable (2)

def separable(points, labels):
    w1 = w2 = b = 0
    for _ in range(10):
        corrected = False
        for (x1, x2), label in zip(points, labels):
            sign = 1 if label == 1 else -1
            if sign * (w1 * x1 + w2 * x2 + b) <= 0:
                w1, w2, b = w1 + sign * x1, w2 + sign * x2, b + sign
                corrected = True
        if not corrected:
            return True
    return False
