"""backward multiplies delta in place."""

# loses: xor (0.5)
# mistake: in place

class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x)
        return self.out

    def backward(self, delta):
        delta *= 1 - self.out**2
        return delta
