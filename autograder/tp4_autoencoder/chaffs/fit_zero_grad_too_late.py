"""Gradients are set to zero between backward and step: nothing moves."""

# loses: fit, outcome.16 (4)
# mistake: frozen

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history
