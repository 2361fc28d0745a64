"""grad_output is multiplied in place: it belongs to someone else."""

# loses: tanh.dx (1)
# mistake: in place

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        grad_output *= 1 - h**2
        return grad_output
