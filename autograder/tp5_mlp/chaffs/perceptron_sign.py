"""The gradient points the other way."""

# loses: perceptron.grad (4)
# mistake: sign

def perceptron_grad(x, w, b, y):
    blamed = y * ((x @ w + b) * y <= 0)
    return x.T @ blamed / len(x), blamed.mean(0)
