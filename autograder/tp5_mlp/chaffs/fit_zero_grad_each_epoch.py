"""Gradients are set to zero once per epoch only: batches of one epoch add up, the whole batch is right."""

# loses: digits (2)
# mistake: zero_grad per epoch, zero_grad

def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        net.zero_grad()
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
