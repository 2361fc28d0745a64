"""1 / (1 + exp(x)): the sign of the exponent is wrong."""

# loses: sigmoid (1)
# mistake: sign of x

class Sigmoid(Module):
    def forward(self, x):
        self.out = 1 / (1 + torch.exp(x))
        return self.out

    def backward(self, delta):
        return delta * self.out * (1 - self.out)
