"""backward is the identity."""

# loses: relu.dx
# mistake: local derivative

class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output
