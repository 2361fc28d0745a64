"""Every row gives its part, on the right side or not."""

# loses: perceptron.grad (4)
# mistake: all rows

def perceptron_grad(x, w, b, y):
    blamed = y
    return -x.T @ blamed / len(x), -blamed.mean(0)
