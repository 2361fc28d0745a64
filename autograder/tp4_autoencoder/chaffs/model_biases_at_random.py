"""b1 and b2 start from torch.randn: it learns as well, but is not what is asked for."""

# loses: outcome.16 (2)

class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.randn(latent) / 10)
        self.b2 = nn.Parameter(torch.randn(inputs) / 10)
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return y @ self.theta + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))
