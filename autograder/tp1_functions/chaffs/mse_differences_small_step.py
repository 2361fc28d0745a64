"""The gradients are central differences of its own forward, with a small step."""

# loses: mse.dyhat, mse.dy
# mistake: differences

class Nothing:
    def save_for_backward(self, *tensors):
        pass


def differences(at, x, step=1e-6):
    gradient = torch.zeros(x.shape, dtype=x.dtype)
    for k in range(x.numel()):
        moved = torch.zeros(x.shape, dtype=x.dtype)
        moved.view(-1)[k] = step
        gradient.view(-1)[k] = (at(x + moved) - at(x - moved)) / (2 * step)
    return gradient


class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        dyhat = differences(lambda moved: MSE.forward(Nothing(), moved, y), yhat)
        dy = differences(lambda moved: MSE.forward(Nothing(), yhat, moved), y)
        return grad_output * dyhat, grad_output * dy
