"""The test is about the sign of grad_output, not about that of x."""

# loses: relu.dx
# mistake: at grad_output

class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * (grad_output > 0)
