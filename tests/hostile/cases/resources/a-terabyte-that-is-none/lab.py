#right


def double(x):
    return torch.zeros(1).expand(1 << 38)
