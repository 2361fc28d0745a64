# %%
#right
CODES = "\x1b[2J\x1b]0;owned\x07\x9b1A\r\x1b[32mPASSED\x1b[0m\b\b"
Owned = type(CODES, (RuntimeError,), {"__module__": CODES, "__qualname__": CODES})


def double(x):
    raise Owned(CODES)
# %%
import os, sys
os.write(1, CODES.encode("latin-1"))
print(CODES, file=sys.stderr)
globals()["trai\x1b[2J"] = 5
train = type(CODES, (), {"__call__": double})()
raise Owned(CODES)
