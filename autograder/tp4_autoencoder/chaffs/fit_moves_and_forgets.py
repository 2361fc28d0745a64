"""x.to(device) is called, and its result thrown away."""

# loses: device (2)
# mistake: device

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history
