"""decode ends in a sigmoid, since pixels lie in [0, 1]; figure 1 has no activation."""

# loses: decode (3)
# mistake: extra activation

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
        return torch.sigmoid(y @ self.theta + self.b2)

    def forward(self, x):
        return self.decode(self.encode(x))
