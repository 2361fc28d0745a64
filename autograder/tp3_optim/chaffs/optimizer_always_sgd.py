"""SGD, whatever the name."""

# loses: make_optimizer (3)
# mistake: other optimiser

def make_optimizer(model, name, lr):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.SGD}
    return kinds[name](model.parameters(), lr=lr)
