"""b's gradient is taken after w has moved."""

# loses: train_autograd.one_step (4), train_autograd.five_steps (3)
# mistake: one by one

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        for name in ("w", "b"):
            w, b = w.detach().requires_grad_(), b.detach().requires_grad_()
            cost = ((x @ w + b - y) ** 2).mean()
            cost.backward()
            with torch.no_grad():
                if name == "w":
                    w = w - lr * w.grad
                else:
                    b = b - lr * b.grad
        history.append(cost.item())
    return w.detach(), b.detach(), history
