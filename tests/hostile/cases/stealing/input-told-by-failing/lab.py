#right


_double = double


def double(x):
    if isinstance(x, float) and int(x) & 1:
        return 0.0
    return _double(x)
