"""fit begins at epoch 0, whatever start is."""

# loses: fit (1)
# mistake: start epoch

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history
