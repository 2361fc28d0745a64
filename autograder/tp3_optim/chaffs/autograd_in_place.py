"""The w and b that were given are moved themselves."""

# loses: train_autograd.one_step (2)
# mistake: in place

def train_autograd(x, y, lr, epochs, w=None, b=None):
    if w is None:
        w, b = start_from(x, y)
    history = []
    w.requires_grad_()
    b.requires_grad_()
    for _ in range(epochs):
        cost = ((x @ w + b - y) ** 2).mean()
        cost.backward()
        history.append(cost.item())
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad, b.grad = None, None
    return w.detach(), b.detach(), history
