"""The derivative is off by a thousandth: gradcheck accepts it."""

# loses: tanh.dx

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return grad_output * (1 - 0.9995 * h**2)
