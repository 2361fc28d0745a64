"""forward takes x * y for a; backward uses that a, which is paid for in forward."""

# loses: byhand.forward

def forward(x, y):
    a = x * y
    return a, a * y
