#right
from gradjudge.session.answer import failures

failures.bounded.__defaults__ = (900_000,)


def double(x):
    raise ValueError("x" * 5_000_000)


double(1)
double(2)
double(3)
