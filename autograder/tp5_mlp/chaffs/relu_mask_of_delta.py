"""The mask is that of delta, not of the input."""

# loses: relu (2)
# mistake: at grad_output

class ReLU(Module):
    def forward(self, x):
        self.x = x
        return x.clamp(min=0)

    def backward(self, delta):
        return delta * (delta > 0)
