"""backward goes through the modules in the order of forward."""

# loses: sequential (2.5), xor (0.5), digits (0.5)
# mistake: order of modules

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
        return x

    def backward(self, delta):
        for module in self.modules:
            delta = module.backward(delta)
        return delta
