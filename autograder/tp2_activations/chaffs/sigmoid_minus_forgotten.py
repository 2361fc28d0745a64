"""1 / (1 + exp(x)): the derivative s (1 - s) is that of the sigmoid all the same."""

# loses: sigmoid.forward
# mistake: sign of x

class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        s = 1 / (1 + torch.exp(x))
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * s * (1 - s)
