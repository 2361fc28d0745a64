"""The gradient of b is not summed over the rows: autograd sums it silently and gradcheck says True."""

# loses: linear.db
# mistake: unsummed

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output
