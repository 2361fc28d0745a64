"""Rosenblatt's own rule: a step for each row on the wrong side, not one per epoch."""

# loses: perceptron.train (2)
# mistake: one by one

def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros(x.shape[1], 1) if w is None else w.clone()
    b = x.new_zeros(1) if b is None else b.clone()
    for _ in range(epochs):
        for row, label in zip(x, y):
            if (row @ w + b) * label <= 0:
                w += lr * label * row[:, None]
                b += lr * label
    return w, b
