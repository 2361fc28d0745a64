"""The gradient is not divided by q: the loss is NaN."""

# loses: train_batch.p1 (5), train_batch.p3, train_batch.curves
# mistake: factor q

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    history = []
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        if writer is not None:
            writer.add_scalar("Loss/train", history[-1], epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
        dw, db = grad_cost(x, w, b, y)
        w, b = w - lr * len(x) * dw, b - lr * len(x) * db
    return w, b, history
