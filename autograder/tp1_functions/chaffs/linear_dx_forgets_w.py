"""The gradient of x is grad_output times ones, not times w."""

# loses: linear.dx
# mistake: local derivative

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        return grad_output @ torch.ones_like(w).T, x.T @ grad_output, grad_output.sum(0).reshape(b.shape)
