"""The gradient of theta forgets its use in decode."""

# loses: grad.theta (8)
# mistake: one use

def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 / len(x) * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return dy.T @ x, dy.sum(0), dxhat.sum(0)
