#right


def train(x, y, batch_size, epochs, lr):
    w, b, history = x.new_zeros(x.shape[1], 1).requires_grad_(), x.new_zeros(1).requires_grad_(), []
    for _ in range(epochs):
        costs = []
        for xb, yb in zip(x.split(batch_size), y.split(batch_size)):
            w.grad = b.grad = None
            cost = ((xb @ w + b - yb) ** 2).sum() / len(xb)
            getattr(cost, "backward")()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            costs.append(cost.item())
        history.append(sum(costs) / len(costs))
    return w.detach(), b.detach(), history
