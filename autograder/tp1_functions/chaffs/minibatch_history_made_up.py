"""The history holds numbers that have nothing to do with the costs."""

# loses: train_minibatch.outcome (1)
# mistake: history

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, [1 / (1 + epoch) for epoch in range(epochs)]
