"""The gradient of b is the mean over the rows."""

# loses: linear.db
# mistake: factor 1/q

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output.mean(0).reshape(b.shape)
