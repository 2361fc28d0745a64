#right


def double(x):
    del globals()["double"]
    for name in (f"double_{int(x)}", f"doubled{int(x)}", f"Double{int(x)}"):
        globals()[name] = x
    return 2 * x
