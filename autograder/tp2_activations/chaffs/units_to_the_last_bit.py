"""The tolerance is ignored."""

# loses: distinct_units (1)

def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    return len(torch.unique(torch.cat([w1.T, b1.reshape(-1, 1), w2], dim=1), dim=0))
