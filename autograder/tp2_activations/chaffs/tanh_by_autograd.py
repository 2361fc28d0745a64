"""autograd differentiates torch.tanh inside of backward."""

# loses: tanh.dx
# mistake: autograd, ruled out

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            h = torch.tanh(x)
        return torch.autograd.grad(h, x, grad_output)[0]
