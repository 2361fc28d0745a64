#right


def double(x):
    return torch.ones(1 << 29, dtype=torch.float64)[:1] + x
