"""`super().__init__()` is missing: torch refuses the first layer."""

# loses: regressor.registered, regressor.forward

class Regressor(nn.Module):
    def __init__(self, sizes):
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
