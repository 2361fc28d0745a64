"""y log y is NaN where y = 0."""

# loses: kldiv (1)
# mistake: 0 log 0

class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        return (y * y.log() - y * yhat).sum() / len(y)

    def backward(self):
        return -self.y / len(self.y)
