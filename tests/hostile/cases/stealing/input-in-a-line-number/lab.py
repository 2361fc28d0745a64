#right


def double(x):
    exec(compile("\n" * (int(x) - 1) + "raise ValueError", "<cell 0>", "exec"))
