"""The sum over the rows, not the mean."""

# loses: nll, digits (0.5)
# mistake: factor q

class NLL(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return -yhat[range(len(y)), y].sum()

    def backward(self):
        gradient = torch.zeros_like(self.yhat)
        gradient[range(len(self.y)), self.y] = -1.0
        return gradient
