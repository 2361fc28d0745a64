"""The gradients come from autograd."""

# loses: grad.theta, grad.b1, grad.b2
# mistake: autograd, ruled out

def grad_autoencoder(x, theta, b1, b2):
    leaves = [t.detach().clone().requires_grad_() for t in (theta, b1, b2)]
    xhat = (x @ leaves[0].T + leaves[1]) @ leaves[0] + leaves[2]
    return torch.autograd.grad(reconstruction_loss(xhat, x), leaves)
