"""The gradient for x is asked of torch.nn.grad: a product with w as a convolution of width 1."""

# loses: grad_linear
# mistake: autograd, ruled out

def grad_linear(x, w, b, grad_output):
    kernel = w.T[:, :, None]
    dx = torch.nn.grad.conv1d_input((*x.shape, 1), kernel, grad_output[:, :, None])[:, :, 0]
    dw = torch.nn.grad.conv1d_weight(x[:, :, None], (*w.T.shape, 1), grad_output[:, :, None])[:, :, 0].T
    return dx, dw, grad_output.sum(0)
