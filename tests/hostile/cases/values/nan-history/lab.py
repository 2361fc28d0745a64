#right


_train = train


def train(x, y, batch_size, epochs, lr):
    return (*_train(x, y, batch_size, epochs, lr)[:2], [float("nan")] * epochs)
