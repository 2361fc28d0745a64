"""forward sets the negative entries of x itself to zero; the result is right."""

# loses: relu.dx (1)
# mistake: in place

class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mask = x > 0
        x.data[x <= 0] = 0
        return x.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.mask
