"""The square is made of the norm's derivative, d / |d|: where yhat is y, value and gradients are NaN."""

# loses: mse.forward (3.5), mse.dyhat (2), mse.dy (1.5)

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        d = yhat - y
        return (d**3 / d).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        d = yhat - y
        dyhat = grad_output * 2 / yhat.shape[0] * d * d / d
        return dyhat, -dyhat
