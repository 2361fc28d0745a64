"""The gradient of b2 is a mean over the rows."""

# loses: grad.b2
# mistake: factor 1/q

def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 / len(x) * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return dy.T @ x + y.T @ dxhat, dy.sum(0), dxhat.mean(0)
