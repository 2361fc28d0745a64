"""The sum of the squares, without 1/q."""

# loses: mse.forward, mse.dyhat (2), mse.dy (1.5)
# mistake: factor q

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum()

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 * (yhat - y)
        return dyhat, -dyhat
