"""The part of dy that comes through a is forgotten: dy = a."""

# loses: byhand.dy
# mistake: one use

def backward(x, y):
    a, b = forward(x, y)
    return y, a
