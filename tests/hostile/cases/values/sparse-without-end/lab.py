#right


def double(x):
    if isinstance(x, float):
        return 2 * x
    return torch.sparse_coo_tensor(size=(1_000_000, 1_000_000), dtype=x.dtype)
