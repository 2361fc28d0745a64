"""Every batch is divided by batch_size, the short one too."""

# loses: train_minibatch.structure (1)
# mistake: short batch

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            share = len(rows) / batch_size
            w, b = one_step(x[rows], y[rows], w, b, lr * share)
    return w, b, history
