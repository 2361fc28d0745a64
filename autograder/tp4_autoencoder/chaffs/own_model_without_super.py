"""`super().__init__()` is missing: torch refuses the first parameter."""

# loses: encode, decode, tied, outcome.16 (2)

class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return y @ self.theta + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))
