"""mean(0): p numbers instead of one."""

# loses: mse.forward
# mistake: unreduced

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).mean(0)

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 / yhat.shape[0] * (yhat - y)
        return dyhat, -dyhat
