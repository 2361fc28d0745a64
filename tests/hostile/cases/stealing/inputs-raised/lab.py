#right


def double(x):
    error = KeyError(f"input {x!r}")
    error.add_note(f"input {x!r}")
    raise ExceptionGroup(f"input {x!r}", [error, ValueError(x)]) from ImportError(f"input {x!r}", name=f"input {x!r}")


def forward(ctx, x):
    raise SystemExit(f"input {x!r}")


def train(x, y, batch_size, epochs, lr):
    raise UnicodeDecodeError(f"input {x!r}", b"input", 0, 1, f"input {y!r}")


Square.forward = staticmethod(forward)
