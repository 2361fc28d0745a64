"""decode inverts encode with a pseudo-inverse instead of transposing theta; b2 is unused then."""

# loses: decode (4)
# mistake: inverse

class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return (y - self.b1) @ torch.linalg.pinv(self.theta).T

    def forward(self, x):
        return self.decode(self.encode(x))
