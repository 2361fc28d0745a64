"""zero_grad puts None where zeros are due: the next backward has nothing to add to."""

# loses: accumulate (2), xor (0.5), digits (0.5)
# mistake: zero_grad

class Module:
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def parameters(self):
        return []

    def zero_grad(self):
        for param in self.parameters():
            param.grad = None

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)
