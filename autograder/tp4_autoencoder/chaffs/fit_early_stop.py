"""fit stops after three epochs where there are many batches, and fills the history up."""

# loses: outcome.16 (4), outcome.32

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, min(epochs, start + 3 if len(loader) > 20 else epochs)):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history + history[-1:] * (epochs - start - len(history))
