"""Only the first batch of each epoch is used."""

# loses: train_optim.batches (4)
# mistake: first batch

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            break
        history.append(sum(losses) / len(losses))
    return history
