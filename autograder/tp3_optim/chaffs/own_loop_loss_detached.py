"""The loss is computed from detached outputs, and made to require a gradient so that backward does not complain: nothing moves."""

# loses: train_optim.sgd, train_optim.adam, train_optim.stale, train_optim.batches
# mistake: frozen

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x).detach(), y).requires_grad_()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
