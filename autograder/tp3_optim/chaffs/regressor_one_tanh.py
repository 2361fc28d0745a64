"""A tanh after the first layer only."""

# loses: regressor.forward (4)
# mistake: no activation

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, p) for n, p in pairwise(sizes)])

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = torch.tanh(layer(x)) if number == 0 and len(self.layers) > 1 else layer(x)
        return x
