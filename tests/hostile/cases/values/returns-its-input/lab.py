#right


def double(x):
    return x.mul_(2) if isinstance(x, torch.Tensor) else 2 * x
