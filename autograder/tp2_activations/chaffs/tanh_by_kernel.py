"""backward is torch's own kernel of the derivative."""

# loses: tanh.dx
# mistake: autograd, ruled out

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x)
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(grad_output, h)
