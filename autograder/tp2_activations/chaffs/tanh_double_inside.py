"""A .double() is left in: float32 in, float64 out."""

# loses: tanh.dx (1)
# mistake: dtype

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        h = torch.tanh(x.double())
        ctx.save_for_backward(h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return grad_output * (1 - h**2)
