"""No descent at all: parameters at random, and a curve that falls."""

# loses: train_batch.p1, train_batch.p3, train_batch.curves

def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    history = [1 / (1 + epoch) for epoch in range(epochs)]
    for epoch in range(epochs):
        if writer is not None:
            writer.add_scalar("Loss/train", history[epoch], epoch)
            writer.add_scalar("Loss/test", history[epoch], epoch)
    return torch.randn_like(w), torch.randn_like(b), history
