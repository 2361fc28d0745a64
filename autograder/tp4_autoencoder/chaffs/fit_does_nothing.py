"""fit trains nothing, and invents losses that fall."""

# loses: fit, device (2), outcome.16 (4)
# mistake: frozen

def fit(model, loader, optimizer, epochs, start=0, device='cpu'):
    return [1 / (1 + epoch) for epoch in range(start, epochs)]
