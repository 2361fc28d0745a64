#right


del double


def __getattr__(name):
    return lambda *args: float("nan")
