"""fit never asks stop: the stopping criterion of the lecture is forgotten."""

# loses: xor (0.5)


def fit(net, loss, optimizer, x, y, epochs, batch_size=None, *, generator=None, stop=None):
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size or len(x)):
            total += loss.forward(net.forward(x[rows]), y[rows]).item() * len(rows)
            net.zero_grad()
            net.backward(loss.backward())
            optimizer.step()
        history.append(total / len(x))
    return history
