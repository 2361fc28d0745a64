"""range(epochs - 1): one step is missing."""

# loses: train_autograd.one_step (8), train_autograd.five_steps (3)
# mistake: too few steps, frozen w, frozen b

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    history = []
    w.requires_grad_()
    b.requires_grad_()
    for _ in range(epochs - 1):
        cost = ((x @ w + b - y) ** 2).mean()
        cost.backward()
        history.append(cost.item())
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad, b.grad = None, None
    return w.detach(), b.detach(), history
