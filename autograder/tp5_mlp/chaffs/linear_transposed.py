"""The lecture's w of shape (p, n), with a w that is (n, p)."""

# loses: linear.forward, linear.dx, linear.dw, linear.db, accumulate (2), xor (0.5), digits (0.5)
# mistake: transposed

class Linear(Module):
    def __init__(self, n, p, generator=None):
        self.w = Param(torch.randn(n, p, generator=generator) / n**0.5)
        self.b = Param(torch.zeros(p))

    def parameters(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x = x
        return x @ self.w.data.T + self.b.data

    def backward(self, delta):
        self.w.grad += delta.T @ self.x
        self.b.grad += delta.sum(0)
        return delta @ self.w.data
