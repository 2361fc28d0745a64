"""Each neuron is compared with the one before it alone."""

# loses: distinct_units

def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    units = torch.cat([w1.T, b1.reshape(-1, 1), w2], dim=1)
    return 1 + int(((units[1:] - units[:-1]).abs().amax(1) > tolerance).sum())
