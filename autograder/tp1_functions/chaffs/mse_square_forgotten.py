"""The square is forgotten."""

# loses: mse.forward, mse.dyhat, mse.dy
# mistake: power

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return (yhat - y).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        one = grad_output * torch.ones_like(yhat) / yhat.shape[0]
        return one, -one
