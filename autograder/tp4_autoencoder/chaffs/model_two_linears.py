"""Two nn.Linear, the second one started from the first: not tied; theta is the first one's weight, and biases do not start from zero."""

# loses: tied, outcome.16 (2)
# mistake: untied

class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(inputs, latent), nn.Linear(latent, inputs)
        self.decoder.weight.data = self.encoder.weight.data.T.clone()
        self.theta = self.encoder.weight
        self.b1 = self.encoder.bias
        self.b2 = self.decoder.bias

    def encode(self, x):
        return self.encoder(x)

    def decode(self, y):
        return self.decoder(y)

    def forward(self, x):
        return self.decode(self.encode(x))
