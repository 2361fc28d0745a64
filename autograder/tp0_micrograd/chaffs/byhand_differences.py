"""backward takes central differences of forward."""

# loses: byhand.dx, byhand.dy
# mistake: differences

def backward(x, y, h=1e-3):
    dx = (forward(x + h, y)[1] - forward(x - h, y)[1]) / (2 * h)
    dy = (forward(x, y + h)[1] - forward(x, y - h)[1]) / (2 * h)
    return dx, dy
