#right


import logging, os, sys, warnings

_double = double


def double(x):
    text = f"input {x!r}"
    print(text), print(text, file=sys.stderr), print(text, file=sys.__stdout__), print(text, file=sys.__stderr__)
    logging.getLogger("lab").error(text), warnings.warn(text), sys.stdout.buffer.write(text.encode())
    os.write(1, text.encode()), os.write(2, text.encode())
    os.environ["INPUT"] = text
    return _double(x)
