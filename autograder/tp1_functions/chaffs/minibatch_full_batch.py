"""batch_size is ignored."""

# loses: train_minibatch.structure (3.5), train_minibatch.outcome (3)
# mistake: batch size

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        w, b = one_step(x, y, w, b, lr)
    return w, b, history
