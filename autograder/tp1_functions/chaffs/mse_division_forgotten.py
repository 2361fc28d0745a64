"""The backward forgets 1/q, the forward has it."""

# loses: mse.dyhat, mse.dy
# mistake: factor q

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 * (yhat - y)
        return dyhat, -dyhat
