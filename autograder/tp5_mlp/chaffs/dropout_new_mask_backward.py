"""backward draws a mask of its own."""

# loses: dropout (1)
# mistake: mask

class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = torch.ones_like(x)
        if self.training:
            kept = torch.rand(x.shape, generator=self.generator) >= self.p
            self.mask = kept.to(x) / (1 - self.p)
        return x * self.mask

    def backward(self, delta):
        return self.forward(delta)
