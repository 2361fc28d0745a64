"""The gradient is left to autograd."""

# loses: perceptron.grad
# mistake: autograd, ruled out

def perceptron_grad(x, w, b, y):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    return torch.autograd.grad(perceptron_cost(x, w, b, y), (w, b))
