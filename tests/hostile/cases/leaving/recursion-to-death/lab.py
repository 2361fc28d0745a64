#right


class Mirror:
    def __repr__(self):
        return repr(self)


def double(x):
    import sys

    sys.setrecursionlimit(10**9)
    return repr(Mirror())
