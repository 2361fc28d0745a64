"""The layers are in a plain list: nothing is registered."""

# loses: regressor.registered
# mistake: not registered

class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(n, p) for n, p in pairwise(sizes)]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
