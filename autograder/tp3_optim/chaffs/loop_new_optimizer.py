"""A new optimiser of the same kind in each epoch: Adam forgets."""

# loses: train_optim.adam
# mistake: new optimiser

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        optimizer = type(optimizer)(model.parameters(), lr=optimizer.param_groups[0]["lr"])
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
