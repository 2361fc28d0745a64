def double(x):
    return 0


def follow(x):
    return x


def train(x, y, batch_size, epochs, lr):
    return x, y, []
