"""forward changes its input in place, says so with mark_dirty and returns it, as nn.ReLU(inplace=True) does."""

# loses: relu.dx (1)
# mistake: in place

class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        positive = x > 0
        ctx.save_for_backward(positive)
        ctx.mark_dirty(x)
        return x.clamp_(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (positive,) = ctx.saved_tensors
        return grad_output * positive
