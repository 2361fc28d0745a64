"""Sequential gives float32 whatever comes in."""

# loses: xor (0.5)
# mistake: dtype


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def parameters(self):
        return [param for module in self.modules for param in module.parameters()]

    def train(self, mode=True):
        for module in self.modules:
            module.train(mode)
        return super().train(mode)

    def forward(self, x):
        for module in self.modules:
            x = module.forward(x)
        return x.float()

    def backward(self, delta):
        for module in reversed(self.modules):
            delta = module.backward(delta)
        return delta
