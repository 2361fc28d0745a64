"""The parameters do not require a gradient."""

# loses: regressor.registered
# mistake: no grad

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])
        self.requires_grad_(False)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
