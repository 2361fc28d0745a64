"""The history is a straight line from the cost of the start to that of the end."""

# loses: train_batch.curves (1)
# mistake: history

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    first = mse(linear(x, w, b), y).item()
    for epoch in range(epochs):
        if writer is not None:
            writer.add_scalar("Loss/train", mse(linear(x, w, b), y).item(), epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
        w, b = one_step(x, y, w, b, lr)
    last = mse(linear(x, w, b), y).item()
    return w, b, [first + (last - first) * epoch / epochs for epoch in range(1, epochs + 1)]
