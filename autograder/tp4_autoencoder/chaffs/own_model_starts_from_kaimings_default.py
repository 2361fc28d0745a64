"""kaiming_uniform_ with its default a = 0: theta is 2.4 times as large as what is asked for."""

# loses: outcome.16 (2)

class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))
        nn.init.kaiming_uniform_(self.theta)

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return y @ self.theta + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))
