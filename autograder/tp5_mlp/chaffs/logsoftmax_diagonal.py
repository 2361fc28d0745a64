"""backward keeps the diagonal of the Jacobian alone."""

# loses: logsoftmax.backward, digits (0.5)
# mistake: diagonal

class LogSoftmax(Module):
    def forward(self, x):
        shifted = x - x.max(1, keepdim=True).values
        self.out = shifted - shifted.exp().sum(1, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta * (1 - self.out.exp())
