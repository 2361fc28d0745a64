"""tanh by the exponential of -|x| and the sign x / |x|, which is NaN at 0; its derivative is right."""

# loses: tanh.forward

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        e = torch.exp(-2 * x.abs())
        return x / x.abs() * (1 - e) / (1 + e)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output / torch.cosh(x) ** 2
