"""backward returns its own derivative alone."""

# loses: tanh.dx
# mistake: grad_output

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return 1 - h**2
