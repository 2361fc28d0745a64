"""The factor 2 is missing."""

# loses: train_minibatch.outcome (2.5)
# mistake: factor 1/2

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr / 2)
    return w, b, history
