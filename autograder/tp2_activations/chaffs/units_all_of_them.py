"""All neurons are counted."""

# loses: distinct_units

def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    return w1.shape[1]
