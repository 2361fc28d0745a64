"""The gradient of b1 is not summed over the rows."""

# loses: grad.b1
# mistake: unsummed

def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 / len(x) * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return dy.T @ x + y.T @ dxhat, dy, dxhat.sum(0)
