"""KL(yhat || y): the two distributions are exchanged."""

# loses: kldiv
# mistake: order

class KLDiv(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return (yhat.exp() * (yhat - y.log())).sum() / len(y)

    def backward(self):
        return self.yhat.exp() * (self.yhat - self.y.log() + 1) / len(self.y)
