"""The gradients come in the order w, x, b."""

# loses: linear.dx, linear.dw
# mistake: order

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return x.T @ grad_output, grad_output @ w.T, grad_output.sum(0).reshape(b.shape)
