"""random.shuffle is a right way to shuffle, but generator does not rule it."""

# loses: train_minibatch.structure (0.5)
# mistake: generator

import random


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        order = list(range(len(x)))
        random.shuffle(order)
        for rows in torch.tensor(order).split(batch_size):
            w, b = one_step(x[rows], y[rows], w, b, lr)
    return w, b, history
