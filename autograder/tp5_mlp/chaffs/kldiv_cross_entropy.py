"""The term y log y is left out."""

# loses: kldiv (1.5)

class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        return (-y * yhat).sum() / len(y)

    def backward(self):
        return -self.y / len(self.y)
