"""The mean over all entries: divided by q and by p. Forward and backward agree."""

# loses: mse.forward, mse.dyhat (2), mse.dy (1.5)
# mistake: factor 1/p

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).mean()

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 / yhat.numel() * (yhat - y)
        return dyhat, -dyhat
