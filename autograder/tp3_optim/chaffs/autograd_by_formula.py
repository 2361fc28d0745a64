"""The gradients of lab 1, copied: autograd is not used."""

# loses: train_autograd.five_steps (2)
# mistake: no autograd

def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        residual = x @ w + b - y
        history.append((residual ** 2).mean().item())
        w, b = w - lr * 2 / len(x) * x.T @ residual, b - lr * 2 / len(x) * residual.sum(0)
    return w, b, history
