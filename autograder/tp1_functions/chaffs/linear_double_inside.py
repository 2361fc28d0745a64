"""`.double()` inside: gradcheck passes, float32 does not."""

# loses: robust (1)
# mistake: dtype

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x.double() @ w.double() + b.double()

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        grad_output = grad_output.double()
        return grad_output @ w.T.double(), x.T.double() @ grad_output, grad_output.sum(0).reshape(b.shape)
