"""step is missing: nothing ever moves."""

# loses: train_optim.sgd, train_optim.adam, train_optim.stale, train_optim.batches
# mistake: frozen

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
