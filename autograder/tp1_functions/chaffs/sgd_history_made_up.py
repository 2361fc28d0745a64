"""The history holds numbers that have nothing to do with the costs."""

# loses: train_sgd (1)
# mistake: history

def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    for _ in range(epochs):
        for i in torch.randperm(len(x), generator=generator).tolist():
            w, b = one_step(x[i : i + 1], y[i : i + 1], w, b, lr)
    return w, b, [1 / (1 + epoch) for epoch in range(epochs)]
