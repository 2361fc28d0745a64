"""save_for_backward is given the number of rows."""

# loses: mse.dyhat, mse.dy
# mistake: saved

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y, yhat.shape[0])
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y, q = ctx.saved_tensors
        dyhat = grad_output * 2 / q * (yhat - y)
        return dyhat, -dyhat
