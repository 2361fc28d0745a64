"""Rows come in the order of the data."""

# loses: train_minibatch.structure (0.5)
# mistake: shuffle

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for k in range(0, len(x), batch_size):
            w, b = one_step(x[k : k + batch_size], y[k : k + batch_size], w, b, lr)
    return w, b, history
