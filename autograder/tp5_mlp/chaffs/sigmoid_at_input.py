"""The derivative is x (1 - x), at the input instead of the output."""

# loses: sigmoid (2)
# mistake: at input

class Sigmoid(Module):
    def forward(self, x):
        self.x = x
        return torch.sigmoid(x)

    def backward(self, delta):
        return delta * self.x * (1 - self.x)
