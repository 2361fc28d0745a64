"""The result is written into a float32 buffer, whatever x is."""

# loses: sigmoid.forward, sigmoid.dx (1)
# mistake: dtype

class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.zeros(x.shape)
        s[:] = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * s * (1 - s)
