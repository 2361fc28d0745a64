"""The derivative of tanh is 1 - tanh, without the square."""

# loses: tanh.dx
# mistake: power

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return grad_output * (1 - h)
