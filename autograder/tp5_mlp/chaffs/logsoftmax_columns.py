"""The softmax is taken over the rows of the batch."""

# loses: logsoftmax.forward, logsoftmax.backward, digits (0.5)
# mistake: axis

class LogSoftmax(Module):
    def forward(self, x):
        shifted = x - x.max(0, keepdim=True).values
        self.out = shifted - shifted.exp().sum(0, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(0, keepdim=True)
