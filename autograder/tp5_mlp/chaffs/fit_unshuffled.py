"""Rows come in their own order in every epoch."""

# loses: digits (1.5)
# mistake: shuffle

def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.arange(len(x)).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
