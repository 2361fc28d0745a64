"""X * W instead of X @ W."""

# loses: linear.forward, linear.dx, linear.dw, linear.db, linear.b_row
# mistake: element-wise

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x * w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output * w, grad_output * x, grad_output.sum(0).reshape(b.shape)
