"""A sigmoid stretched to [-1, 1], with its own derivative: tanh(x / 2)."""

# loses: tanh, xor (0.5), digits (0.5)

class Tanh(Module):
    def forward(self, x):
        self.out = 2 / (1 + torch.exp(-x)) - 1
        return self.out

    def backward(self, delta):
        return delta * (1 - self.out**2) / 2
