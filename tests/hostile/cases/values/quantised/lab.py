#right


def double(x):
    if isinstance(x, float):
        return 2 * x
    return torch.quantize_per_tensor(2 * x.float(), 1 / 16, 0, torch.qint8)
