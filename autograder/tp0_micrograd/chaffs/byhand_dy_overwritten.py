"""The second part of dy overwrites the first one."""

# loses: byhand.dy
# mistake: one use

def backward(x, y):
    a, b = forward(x, y)
    dy = a
    dy = y
    return y, dy
