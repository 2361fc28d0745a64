"""forward sets negative inputs to zero in place."""

# loses: xor (0.5)
# mistake: in place

class ReLU(Module):
    def forward(self, x):
        self.x = x
        x[x < 0] = 0
        return x

    def backward(self, delta):
        return delta * (self.x > 0)
