"""yhat is taken for probabilities: the logarithm is taken twice."""

# loses: nll, digits (0.5)

class NLL(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return -yhat[range(len(y)), y].log().sum() / len(y)

    def backward(self):
        gradient = torch.zeros_like(self.yhat)
        gradient[range(len(self.y)), self.y] = -1 / (len(self.y) * self.yhat[range(len(self.y)), self.y])
        return gradient
