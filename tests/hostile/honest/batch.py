#right


def train(x, y, batch_size, epochs, lr):
    w, b = x.new_zeros(x.shape[1], 1), x.new_zeros(1)
    history = []
    for _ in range(epochs):
        residual = x @ w + b - y
        history.append((residual**2).sum().item() / len(x))
        w = w - lr * 2 * x.T @ residual / len(x)
        b = b - lr * 2 * residual.sum(0) / len(x)
    return w, b, history
