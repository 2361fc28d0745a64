"""Rows are drawn with replacement."""

# loses: train_sgd (1)
# mistake: replacement, rows left out

def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for i in torch.randint(len(x), (len(x), 1), generator=generator):
            w, b = one_step(x[i], y[i], w, b, lr)
    return w, b, history
