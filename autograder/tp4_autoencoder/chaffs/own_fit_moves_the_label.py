"""The label is moved to the device, the images stay where they are."""

# loses: device (2)
# mistake: device

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, label in loader:
            label = label.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history
