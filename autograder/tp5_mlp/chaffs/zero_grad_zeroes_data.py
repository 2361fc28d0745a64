"""zero_grad sets the parameters to zero."""

# loses: accumulate (2), xor (0.5), digits (0.5)
# mistake: zeroes data

class Module:
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return []

    def zero_grad(self):
        for param in self.parameters():
            param.data = torch.zeros_like(param.data)

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)
