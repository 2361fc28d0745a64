"""What was kept is tanh(x), and backward takes it for x: 1 - tanh(tanh(x))^2."""

# loses: tanh.dx
# mistake: at output

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (1 - torch.tanh(x) ** 2)
