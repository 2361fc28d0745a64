#right


def double(x):
    if isinstance(x, float):
        return 2 * x
    return x.zero_()
