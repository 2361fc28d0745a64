"""The gradient of w is set to zero in each epoch, that of b is forgotten."""

# loses: train_autograd.five_steps (3)
# mistake: zero_grad

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
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
        w.grad.zero_()
    return w.detach(), b.detach(), history
