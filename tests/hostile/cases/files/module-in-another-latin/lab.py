#right
import helper


def train(x, y, batch_size, epochs, lr):
    return helper.Ãa(x, y, batch_size, epochs, lr)
