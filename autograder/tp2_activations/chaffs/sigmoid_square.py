"""s (1 - s^2): tanh and the sigmoid mixed up."""

# loses: sigmoid.dx
# mistake: power

class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * s * (1 - s**2)
