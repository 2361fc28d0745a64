#right


exec(compile("""
def double(x):
    raise SyntaxError("no", ("<cell 0>", int(x), int(x), "input", int(x), int(x)))
""", "elsewhere", "exec"))
