"""The norm stands in the place of its square."""

# loses: mse.forward, mse.dyhat (2), mse.dy (1.5)
# mistake: power

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return torch.norm(yhat - y) / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = grad_output * (yhat - y) / torch.norm(yhat - y) / yhat.shape[0]
        return dyhat, -dyhat
