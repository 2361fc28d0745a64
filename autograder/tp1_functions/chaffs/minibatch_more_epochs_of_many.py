"""Of more than ten epochs one more is made than was asked for."""

# loses: train_minibatch.outcome (1)
# mistake: too many steps

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs + (epochs > 10)):
        history.append(mse(linear(x, w, b), y).item())
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, history[:epochs]
