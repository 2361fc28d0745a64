"""backward changes grad_output in place."""

# loses: robust (1)
# mistake: in place

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output.mul_(2 / yhat.shape[0]) * (yhat - y)
        return dyhat, -dyhat
