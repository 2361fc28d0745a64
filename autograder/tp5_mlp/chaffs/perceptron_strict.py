"""A strict test: with w = 0 and b = 0 nothing ever moves."""

# loses: perceptron.grad (1)
# mistake: strict

def perceptron_grad(x, w, b, y):
    blamed = y * ((x @ w + b) * y < 0)
    return -x.T @ blamed / len(x), -blamed.mean(0)
