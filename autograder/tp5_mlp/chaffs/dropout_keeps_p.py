"""p is the probability of keeping."""

# loses: dropout (1)
# mistake: keeps p

class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = torch.ones_like(x)
        if self.training:
            kept = torch.rand(x.shape, generator=self.generator) < self.p
            self.mask = kept.to(x) / self.p
        return x * self.mask

    def backward(self, delta):
        return delta * self.mask
