#right


def train(x, y, batch_size, epochs, lr):
    w, b, history = x.new_zeros(x.shape[1], 1), x.new_zeros(1), []
    for _ in range(20 * epochs):
        residual = x @ w + b - y
        history.append((residual**2).mean().item())
        w = w - lr * 2 * x.T @ residual / len(x)
        b = b - lr * 2 * residual.mean(0)
    return w, b, history[19::20]
