"""The optimiser steps once per epoch, on accumulated gradients."""

# loses: fit (3), outcome.16 (4)
# mistake: step per epoch

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        optimizer.zero_grad()
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            loss.backward()
            total, rows = total + loss.item() * len(x), rows + len(x)
        optimizer.step()
        history.append(total / rows)
    return history
