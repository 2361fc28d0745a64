"""A bare return in backward."""

# loses: linear.dx, linear.dw, linear.db, linear.b_row
# mistake: none, number of gradients

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        dx, dw, db = grad_output @ w.T, x.T @ grad_output, grad_output.sum(0)
        return
