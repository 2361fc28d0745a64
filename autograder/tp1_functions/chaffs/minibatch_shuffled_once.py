"""One order, drawn before the first epoch, for all epochs."""

# loses: train_minibatch.structure (0.5)
# mistake: shuffle

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    order = torch.randperm(len(x), generator=generator)
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in order.split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, history
