"""The last, shorter batch is dropped."""

# loses: train_minibatch.structure (1)
# mistake: last batch

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        order = torch.randperm(len(x), generator=generator)
        for k in range(len(x) // batch_size):
            rows = order[k * batch_size : (k + 1) * batch_size]
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, history
