"""The mask of Dropout is float32 whatever comes in: results in float64 lose their precision in backward."""

# loses: digits (0.5)
# mistake: dtype


class Dropout(Module):
    def __init__(self, p, generator=None):
        self.p, self.generator = p, generator

    def forward(self, x):
        self.mask = None
        if self.training:
            self.mask = (torch.rand(x.shape, generator=self.generator) >= self.p).float()
            return (x * self.mask / (1 - self.p)).float()
        return x

    def backward(self, delta):
        return delta if self.mask is None else delta * self.mask / (1 - self.p)
