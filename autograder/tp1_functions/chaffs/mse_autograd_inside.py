"""backward asks autograd for the gradient."""

# loses: mse.dyhat, mse.dy
# mistake: autograd, ruled out

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        with torch.enable_grad():
            yhat, y = yhat.detach().requires_grad_(), y.detach().requires_grad_()
            cost = ((yhat - y) ** 2).sum() / yhat.shape[0]
        return torch.autograd.grad(cost, (yhat, y), grad_output)
