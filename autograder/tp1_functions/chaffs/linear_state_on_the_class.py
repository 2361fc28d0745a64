"""What backward needs is kept on the class: a second forward overwrites it."""

# loses: context, robust (1)
# mistake: state

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        Linear.kept = x, w, b
        return x @ w + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w, b = Linear.kept
        return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0).reshape(b.shape)
