"""The old convention: nothing in training, times 1 - p after eval()."""

# loses: dropout (2)
# mistake: unscaled, eval

class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = torch.full_like(x, 1 - self.p)
        if self.training:
            kept = torch.rand(x.shape, generator=self.generator) >= self.p
            self.mask = kept.to(x)
        return x * self.mask

    def backward(self, delta):
        return delta * self.mask
