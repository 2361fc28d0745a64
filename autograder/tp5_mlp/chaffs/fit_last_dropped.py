"""The last, shorter batch is left out."""

# loses: digits (1.5)
# mistake: last batch

def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            if len(rows) < (batch_size or 0):
                continue
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
