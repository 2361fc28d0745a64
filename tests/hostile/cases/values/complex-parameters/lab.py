#right


_train = train


def train(x, y, batch_size, epochs, lr):
    w, b, history = _train(x, y, batch_size, epochs, lr)
    return w.to(torch.complex128), b.to(torch.complex128), [complex(cost, 1) for cost in history]
