"""Layers of one size are one layer: `[nn.Linear(n, n)] * k` shares its weights."""

# loses: regressor.registered (4)

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        made = {}
        for pair in pairwise(sizes):
            made.setdefault(pair, nn.Linear(*pair))
        self.layers = nn.ModuleList([made[pair] for pair in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
