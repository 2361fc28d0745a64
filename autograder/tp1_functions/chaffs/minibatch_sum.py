"""The gradient is not divided by the size of the batch."""

# loses: train_minibatch.structure (3), train_minibatch.outcome
# mistake: factor q

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr * len(rows))
    return w, b, history
