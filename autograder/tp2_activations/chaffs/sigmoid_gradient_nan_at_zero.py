"""The derivative of the sigmoid by way of t = tanh(x / 2), (1 - t^3 / t) / 4: NaN at 0."""

# loses: sigmoid.dx (6)

class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 1 / (1 + torch.exp(-x))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        t = torch.tanh(x / 2)
        return grad_output * (1 - t**3 / t) / 4
