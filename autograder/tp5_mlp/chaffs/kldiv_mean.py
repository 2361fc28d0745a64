"""The mean over rows and columns: torch's default, not batchmean."""

# loses: kldiv (3)
# mistake: factor 1/p

class KLDiv(Module):
    def forward(self, yhat, y):
        self.y = y
        return (torch.special.xlogy(y, y) - y * yhat).mean()

    def backward(self):
        return -self.y / self.y.numel()
