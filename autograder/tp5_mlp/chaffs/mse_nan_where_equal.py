"""The gradient is written as 2 C / d: NaN where yhat is y."""

# loses: mse (2), xor (0.5)

class MSE(Module):
    def forward(self, yhat, y):
        self.difference = yhat - y
        return (self.difference**2).sum() / len(yhat)

    def backward(self):
        return 2 * self.difference**2 / self.difference / len(self.difference)
