"""The factor 2 is missing."""

# loses: train_sgd (2)
# mistake: factor 1/2

def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for i in torch.randperm(len(x), generator=generator).tolist():
            w, b = one_step(x[i : i + 1], y[i : i + 1], w, b, lr / 2)
    return w, b, history
