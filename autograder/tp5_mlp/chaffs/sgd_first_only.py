"""return inside of the loop: one parameter moves."""

# loses: sgd (2), xor (0.5), digits (0.5)
# mistake: first only

class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for param in self.params:
            param.data = param.data - self.lr * param.grad
            return
