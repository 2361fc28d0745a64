#right


def double(x):
    return (x for _ in iter(int, 1))
