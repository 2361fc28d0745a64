"""No ctx argument: the Function cannot be called at all."""

# loses: mse.forward, mse.dyhat, mse.dy
# mistake: ctx

class MSE(Function):
    @staticmethod
    def forward(yhat, y):
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(yhat, y):
        return 2 / yhat.shape[0] * (yhat - y), 2 / yhat.shape[0] * (y - yhat)
