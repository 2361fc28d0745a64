"""A gradient that is 0.05 % too large: inside gradcheck's tolerance."""

# loses: mse.dyhat, mse.dy
# mistake: factor

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = 1.0005 * grad_output * 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat
