"""The mean over rows and columns."""

# loses: mse, xor (0.5)
# mistake: factor 1/p

class MSE(Module):
    def forward(self, yhat, y):
        self.difference = yhat - y
        return (self.difference**2).mean()

    def backward(self):
        return 2 * self.difference / self.difference.numel()
