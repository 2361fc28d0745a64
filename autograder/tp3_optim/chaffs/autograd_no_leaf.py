"""w = w - lr * w.grad under no_grad: from the second step on w is followed no more, and backward raises."""

# loses: train_autograd.one_step (2), train_autograd.five_steps (4)

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
            w = w - lr * w.grad
            b = b - lr * b.grad
    return w.detach(), b.detach(), history
