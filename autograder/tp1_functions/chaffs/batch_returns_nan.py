"""The parameters that come back are NaN; those that were given are as they were."""

# loses: train_batch.p1, train_batch.p3, train_batch.curves

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    return w * float("nan"), b * float("nan"), [1 / (1 + epoch) for epoch in range(epochs)]
