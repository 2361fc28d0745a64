"""The arguments come in the order w, b, x."""

# loses: linear.forward, linear.b_row (1)
# mistake: order, shape

class Linear(Function):
    @staticmethod
    def forward(ctx, w, b, x):
        ctx.save_for_backward(w, b, x)
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        w, b, x = ctx.saved_tensors
        return x.T @ grad_output, grad_output.sum(0), grad_output @ w.T
