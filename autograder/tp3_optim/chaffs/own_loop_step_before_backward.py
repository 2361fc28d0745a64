"""The step comes before backward: each one moves by the gradients of the batch before it."""

# loses: train_optim.sgd, train_optim.adam, train_optim.stale, train_optim.batches
# mistake: in place

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            loss = loss_fn(model(x), y)
            optimizer.step()
            optimizer.zero_grad()
            loss.backward()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
