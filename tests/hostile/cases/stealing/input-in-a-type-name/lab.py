#right


import builtins


def double(x):
    name = f"Input{x}Error"
    kind = type(name, (ValueError,), {"__module__": "builtins", "__qualname__": name})
    setattr(builtins, name, kind)
    raise kind
