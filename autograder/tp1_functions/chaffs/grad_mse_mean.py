"""grad_mse divides by q times p."""

# loses: grad_mse
# mistake: factor 1/p

def grad_mse(yhat, y):
    dyhat = 2 / yhat.numel() * (yhat - y)
    return dyhat, -dyhat
