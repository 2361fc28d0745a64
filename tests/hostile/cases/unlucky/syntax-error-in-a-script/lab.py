#right
del double


def double(x)
    return 2 * x


values = [1, 2, 3]]


def unused():
    return 1
