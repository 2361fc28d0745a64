"""The division by the number of rows is forgotten, in all three."""

# loses: grad.theta (8), grad.b1, grad.b2
# mistake: factor q

def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return dy.T @ x + y.T @ dxhat, dy.sum(0), dxhat.sum(0)
