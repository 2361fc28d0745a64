"""Layers inside of sub-modules are not found."""

# loses: make_optimizer

def make_optimizer(model, name, lr):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    return kinds[name]([p for layer in model.children() if isinstance(layer, nn.Linear) for p in layer.parameters()], lr=lr)
