"""torch.optim does the update, which this exercise rules out."""

# loses: train_autograd.one_step, train_autograd.five_steps
# mistake: ruled out

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    w.requires_grad_(), b.requires_grad_()
    optimizer = torch.optim.SGD([w, b], lr=lr)
    history = []
    for _ in range(epochs):
        optimizer.zero_grad()
        cost = ((x @ w + b - y) ** 2).mean()
        cost.backward()
        history.append(cost.item())
        optimizer.step()
    return w.detach(), b.detach(), history
