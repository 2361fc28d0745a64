"""|x| instead of max(0, x)."""

# loses: relu (1)

class ReLU(Module):
    def forward(self, x):
        self.x = x
        return x.abs()

    def backward(self, delta):
        return delta * (self.x > 0)
