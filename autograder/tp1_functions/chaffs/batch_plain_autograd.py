"""autograd differentiates a formula; the Functions are not used."""

# loses: train_batch.p1 (3)
# mistake: autograd

def cost(x, y, w, b):
    return ((x @ w + b - y) ** 2).sum() / len(x)


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    history = []
    for epoch in range(epochs):
        w.requires_grad_(), b.requires_grad_()
        loss = cost(x, y, w, b)
        loss.backward()
        history.append(loss.item())
        if writer is not None:
            writer.add_scalar("Loss/train", loss.item(), epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", cost(x_test, y_test, w, b).item(), epoch)
        w, b = (w - lr * w.grad).detach(), (b - lr * b.grad).detach()
    return w, b, history
