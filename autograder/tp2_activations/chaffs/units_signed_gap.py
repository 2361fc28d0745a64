"""abs is forgotten: a neuron whose numbers are all smaller or equal counts as identical."""

# loses: distinct_units (1)

def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    seen = []
    for unit in torch.cat([w1.T, b1.reshape(-1, 1), w2], dim=1):
        if all((unit - other).max() > tolerance for other in seen):
            seen.append(unit)
    return len(seen)
