"""backward returns a list of gradients, which autograd takes for a single one."""

# loses: mse.dyhat, mse.dy
# mistake: list

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * 2 / yhat.shape[0] * (yhat - y)
        return [dyhat, -dyhat]
