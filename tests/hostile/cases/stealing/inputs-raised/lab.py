#right


def double(x):
    error = KeyError(f"given-as {x!r}")
    error.add_note(f"given-as {x!r}")
    raise ExceptionGroup(f"given-as {x!r}", [error, ValueError(x)]) from ImportError(f"given-as {x!r}", name=f"given-as {x!r}")


def forward(ctx, x):
    raise SystemExit(f"given-as {x!r}")


def train(x, y, batch_size, epochs, lr):
    raise UnicodeDecodeError(f"given-as {x!r}", b"given-as", 0, 1, f"given-as {y!r}")


Square.forward = staticmethod(forward)
