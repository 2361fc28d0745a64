"""grad_linear gives the transposed gradient of w."""

# loses: grad_linear (2)
# mistake: transposed

def grad_linear(x, w, b, grad_output):
    return grad_output @ w.T, grad_output.T @ x, grad_output.sum(0)
