"""tanh by the exponential of -|x| and the sign x / |x|, which is NaN at 0."""

# loses: tanh (1), xor (0.5), digits (0.5)

class Tanh(Module):
    def forward(self, x):
        self.x = x
        e = torch.exp(-2 * x.abs())
        return x / x.abs() * (1 - e) / (1 + e)

    def backward(self, delta):
        return delta / torch.cosh(self.x) ** 2
