"""The history holds the sum over all epochs so far: total is set to zero once."""

# loses: xor (0.5)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    total = 0.0
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
