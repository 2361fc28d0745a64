"""No tanh between the layers: a line, however many layers."""

# loses: regressor.forward (4)
# mistake: no activation

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x)
        return self.layers[-1](x)
