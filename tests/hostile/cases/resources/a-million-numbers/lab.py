#right


def double(x):
    return list(range(1_000_000)) if torch.is_tensor(x) else "x" * (16 << 20)
