# %%
import sys, warnings
warnings.warn("no GPU was found, this will be slow", RuntimeWarning)
print("E external/cuda.cc:310] failed call to cuInit", file=sys.stderr)
# %%
#right


def double(x):
    warnings.warn("double is experimental", DeprecationWarning, stacklevel=2)
    print("double was called", file=sys.stderr)
    return 2 * x
