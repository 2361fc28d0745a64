"""Neurons with the same sum of numbers are taken for identical."""

# loses: distinct_units (3)

def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    sums = w1.sum(0) + b1 + w2.sum(1)
    return len({round(float(one), 4) for one in sums})
