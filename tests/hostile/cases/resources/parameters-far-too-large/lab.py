#right
train_right, calls = train, []


def train(x, y, batch_size, epochs, lr):
    calls.append(epochs)
    if len(calls) > 1:
        return train_right(x, y, batch_size, epochs, lr)
    large = torch.zeros(1, dtype=torch.bfloat16).expand(1 << 24).contiguous()
    return large, large, []
