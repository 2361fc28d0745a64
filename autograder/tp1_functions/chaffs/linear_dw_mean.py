"""The gradient of w is divided by the number of rows."""

# loses: linear.dw
# mistake: factor 1/q

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output / len(x), grad_output.sum(0).reshape(b.shape)
