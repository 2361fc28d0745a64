"""grad_output squared: gradcheck, whose cotangents are 0 and 1, does not see it."""

# loses: mse.dyhat, mse.dy
# mistake: not linear

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output**2 * 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat
