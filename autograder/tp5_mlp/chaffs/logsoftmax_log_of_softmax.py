"""The logarithm of a stable softmax: -inf where the probability underflows."""

# loses: logsoftmax.stable
# mistake: overflow

class LogSoftmax(Module):
    def forward(self, x):
        self.out = torch.softmax(x, 1).log()
        return self.out

    def backward(self, delta):
        return delta - self.out.exp() * delta.sum(1, keepdim=True)
