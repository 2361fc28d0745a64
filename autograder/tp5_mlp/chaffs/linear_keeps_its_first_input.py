"""backward uses the input of the first forward for ever."""

# loses: accumulate (2), xor (0.5), digits (0.5)
# mistake: state

class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = getattr(self, "x", x)
        return x @ self.w.data + self.b.data

    def backward(self, delta):
        self.w.grad += self.x.T @ delta
        self.b.grad += delta.sum(0)
        return delta @ self.w.data.T
