"""dx is the local derivative of the sum, 1, not multiplied by what comes from above."""

# loses: byhand.dx
# mistake: grad_output

def backward(x, y):
    a, b = forward(x, y)
    da, dy_2 = y, a
    return 1.0, da + dy_2
