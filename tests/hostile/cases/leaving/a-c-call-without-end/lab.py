#right


def double(x):
    return 2 * x if torch.is_tensor(x) else sum(iter(int, 1))
