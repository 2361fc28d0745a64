"""The gradient of theta comes back transposed."""

# loses: grad.theta
# mistake: transposed

def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 / len(x) * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return (dy.T @ x + y.T @ dxhat).T, dy.sum(0), dxhat.sum(0)
