"""The backward forgets the factor 2."""

# loses: mse.dyhat, mse.dy
# mistake: factor 1/2

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * (yhat - y) / yhat.shape[0]
        return dyhat, -dyhat
