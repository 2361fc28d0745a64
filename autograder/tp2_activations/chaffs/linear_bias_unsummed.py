"""The student's own Linear of lab 1, whose bias gradient is not summed: b grows and learns the rows by heart."""

# loses: train_mlp.b1, train_mlp.b2, train_mlp.steps (6), outcome.tanh, outcome.relu
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
