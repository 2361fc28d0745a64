"""x is shuffled and y is not."""

# loses: xor (3.5), digits (2)
# mistake: labels

def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        place = 0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[place : place + len(rows)]).item() * len(rows)
            place += len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
        if stop is not None and stop():
            break
    return history
