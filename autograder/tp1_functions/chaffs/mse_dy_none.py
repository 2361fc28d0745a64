"""No gradient for y."""

# loses: mse.dy
# mistake: none

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        return grad_output * 2 / yhat.shape[0] * (yhat - y), None
