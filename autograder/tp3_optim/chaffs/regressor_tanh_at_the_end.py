"""A tanh after the last layer too."""

# loses: regressor.forward
# mistake: activation at the end

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return torch.tanh(self.layers[-1](x))
