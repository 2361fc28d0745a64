"""backward sends delta on: the local derivative is forgotten."""

# loses: tanh (2), xor (0.5), digits (0.5)
# mistake: local derivative

class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out

    def backward(self, delta):
        return delta
