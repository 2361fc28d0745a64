"""y is taken for one-hot rows, as on the slide."""

# loses: nll, digits (0.5)

class NLL(Module):
    def forward(self, yhat, y):
        self.y = y
        return -(y * yhat).sum(1).mean()

    def backward(self):
        return -self.y / len(self.y)
