"""grad_output is ignored: right only where the cost is the last node."""

# loses: mse.dyhat, mse.dy
# mistake: grad_output

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat
