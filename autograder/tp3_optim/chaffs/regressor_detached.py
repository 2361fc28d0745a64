"""The hidden layers are detached: they never learn."""

# loses: regressor.forward (4)
# mistake: detached

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x)).detach()
        return self.layers[-1](x)
