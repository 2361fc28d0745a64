"""forward takes y first, as the first-year project did."""

# loses: mse (2), xor (0.5)
# mistake: sign

class MSE(Module):
    def forward(self, y, yhat):
        self.difference = yhat - y
        return (self.difference**2).sum() / len(yhat)

    def backward(self):
        return 2 * self.difference / len(self.difference)
