"""Gradients are never set to zero: each step goes on with all those before it."""

# loses: train_batch.p1 (3), train_batch.p3
# mistake: zero_grad

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    w.requires_grad_(), b.requires_grad_()
    history = []
    for epoch in range(epochs):
        loss = mse(linear(x, w, b), y)
        loss.backward()
        history.append(loss.item())
        if writer is not None:
            writer.add_scalar("Loss/train", loss.item(), epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
    return w, b, history
