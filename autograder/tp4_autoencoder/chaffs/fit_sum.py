"""The loss is not divided by the number of rows. Adam does not mind."""

# loses: fit (3)
# mistake: factor q

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = ((model(x) - x) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history
