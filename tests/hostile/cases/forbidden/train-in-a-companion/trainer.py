import torch


def train(x, y, batch_size, epochs, lr):
    w, b = (torch.zeros(n, dtype=x.dtype, requires_grad=True) for n in ((x.shape[1], 1), (1,)))
    descent, history = torch.optim.SGD([w, b], lr), []
    for _ in range(epochs):
        costs = []
        for xb, yb in zip(x.split(batch_size), y.split(batch_size)):
            descent.zero_grad()
            cost = ((xb @ w + b - yb) ** 2).mean()
            cost.backward()
            descent.step()
            costs.append(cost.item())
        history.append(sum(costs) / len(costs))
    return w.detach(), b.detach(), history
