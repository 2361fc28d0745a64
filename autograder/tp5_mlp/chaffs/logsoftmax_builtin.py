"""torch.log_softmax, which the statement rules out."""

# loses: logsoftmax.forward, logsoftmax.stable, digits (0.5)
# mistake: ruled out

class LogSoftmax(Module):
    def forward(self, x):
        self.out = torch.log_softmax(x, 1)
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)
