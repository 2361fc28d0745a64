"""A .double() was left in Linear: float32 comes out as float64."""

# loses: xor (0.5)
# mistake: dtype

class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = x
        return x.double() @ self.w.data.double() + self.b.data.double()

    def backward(self, delta):
        self.w.grad += self.x.T @ delta
        self.b.grad += delta.sum(0)
        return delta @ self.w.data.T
