"""batch_size is not used."""

# loses: digits (3.5)
# mistake: batch size

def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
