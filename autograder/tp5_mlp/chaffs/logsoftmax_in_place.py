"""The maximum is subtracted from the input in place."""

# loses: digits (0.5)
# mistake: in place

class LogSoftmax(Module):
    def forward(self, x):
        x -= x.max(1, keepdim=True).values
        shifted = x
        self.out = shifted - shifted.exp().sum(1, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)
