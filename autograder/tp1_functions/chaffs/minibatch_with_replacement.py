"""Rows are drawn with replacement."""

# loses: train_minibatch.structure (3)
# mistake: replacement, rows left out

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in torch.randint(len(x), (len(x),), generator=generator).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, history
