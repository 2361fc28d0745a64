"""The mask is drawn once and kept for ever."""

# loses: dropout (1)
# mistake: one mask

class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = torch.ones_like(x)
        if self.training:
            if hasattr(self, "drawn"):
                self.mask = self.drawn
                return x * self.mask
            kept = torch.rand(x.shape, generator=self.generator) >= self.p
            self.mask = self.drawn = kept.to(x) / (1 - self.p)
        return x * self.mask

    def backward(self, delta):
        return delta * self.mask
