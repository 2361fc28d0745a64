#right


def train(x, y, batch_size, epochs, lr):
    import os

    os.abort()
