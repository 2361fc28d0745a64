"""The history has one number for each batch."""

# loses: fit (1)
# mistake: history

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss.item())
        pass
    return history
