#right


class Done(BaseException):
    pass


def double(x):
    raise Done
