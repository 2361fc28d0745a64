"""The gradient on paper is written as 2 C / d: NaN where yhat is y."""

# loses: grad_mse

def grad_mse(yhat, y):
    d = yhat - y
    dyhat = 2 / yhat.shape[0] * d**2 / d
    return dyhat, -dyhat
