"""The history stays empty."""

# loses: train_autograd.five_steps (1)
# mistake: history

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    history = []
    w.requires_grad_()
    b.requires_grad_()
    for _ in range(epochs):
        cost = ((x @ w + b - y) ** 2).mean()
        cost.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad, b.grad = None, None
    return w.detach(), b.detach(), history
