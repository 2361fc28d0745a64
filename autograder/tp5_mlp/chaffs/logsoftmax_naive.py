"""No maximum is subtracted: exp(1e4) overflows."""

# loses: logsoftmax.stable
# mistake: overflow

class LogSoftmax(Module):
    def forward(self, x):
        shifted = x
        self.out = shifted - shifted.exp().sum(1, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)
