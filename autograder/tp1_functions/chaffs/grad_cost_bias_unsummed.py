"""grad_cost does not sum the gradient of b over the rows."""

# loses: grad_cost (2)
# mistake: unsummed

def grad_cost(x, w, b, y):
    residual = 2 / len(x) * (x @ w + b - y)
    return x.T @ residual, residual
