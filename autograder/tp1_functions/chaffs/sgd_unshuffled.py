"""Rows come in the order of the data."""

# loses: train_sgd (1)
# mistake: shuffle

def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for i in range(len(x)):
            w, b = one_step(x[i : i + 1], y[i : i + 1], w, b, lr)
    return w, b, history
