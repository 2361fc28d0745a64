"""Only lines with the ones above are tried: slope and offset, ones on top."""

# loses: separable (4)

def separable(points, labels):
    for slope in [s / 4 for s in range(-40, 41)]:
        ones = [y - slope * x for (x, y), label in zip(points, labels) if label == 1]
        zeros = [y - slope * x for (x, y), label in zip(points, labels) if label == 0]
        if not ones or not zeros or min(ones) > max(zeros):
            return True
    return False
