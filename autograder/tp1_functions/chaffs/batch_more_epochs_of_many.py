"""Of more than twenty epochs a few more are made than were asked for."""

# loses: train_batch.curves (1)

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    history = []
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        if writer is not None:
            writer.add_scalar("Loss/train", history[-1], epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
        w, b = one_step(x, y, w, b, lr)
    for _ in range(epochs // 20):
        w, b = one_step(x, y, w, b, lr)
    return w, b, history
