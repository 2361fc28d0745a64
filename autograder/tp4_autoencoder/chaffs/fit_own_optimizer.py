"""fit makes an optimiser of its own: SGD, whatever it was given."""

# loses: fit (2), outcome.16 (4)
# mistake: given optimiser unused

def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]['lr'])
    history = []
    for _ in range(start, epochs):
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
