"""Softmax twice: the log-softmax of the softmax."""

# loses: logsoftmax.forward, logsoftmax.backward, digits (0.5)

class LogSoftmax(Module):
    def forward(self, x):
        e = (x - x.max(1, keepdim=True).values).exp()
        p = e / e.sum(1, keepdim=True)
        self.out = p - p.exp().sum(1, keepdim=True).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)
