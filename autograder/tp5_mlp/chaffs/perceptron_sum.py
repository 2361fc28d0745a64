"""The sum over the rows instead of their mean, in the cost and in the gradient."""

# loses: perceptron.cost, perceptron.grad (4)
# mistake: factor q

def perceptron_cost(x, w, b, y):
    return (-(x @ w + b) * y).clamp(min=0).sum()


def perceptron_grad(x, w, b, y):
    blamed = y * ((x @ w + b) * y <= 0)
    return -x.T @ blamed, -blamed.sum(0)
