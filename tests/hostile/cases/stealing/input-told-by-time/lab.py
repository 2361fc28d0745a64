#right


import time

_double = double


def double(x):
    if isinstance(x, float):
        time.sleep(0.05 * (int(x) % 10))
    return _double(x)
