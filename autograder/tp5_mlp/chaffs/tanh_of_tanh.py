"""1 - tanh(tanh(x))^2."""

# loses: tanh (2), xor (0.5), digits (0.5)
# mistake: at output

class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out

    def backward(self, delta):
        return delta * (1 - torch.tanh(self.out) ** 2)
