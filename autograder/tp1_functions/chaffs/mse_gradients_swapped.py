"""The gradients come in the order y, yhat: each has the other's sign."""

# loses: mse.dyhat, mse.dy
# mistake: order, sign

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dy = grad_output * 2 / yhat.shape[0] * (y - yhat)
        return dy, -dy
