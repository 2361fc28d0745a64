"""Only the last layer is in the optimiser."""

# loses: make_optimizer
# mistake: frozen all but last layer

def make_optimizer(model, name, lr):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    return kinds[name](list(model.parameters())[-2:], lr=lr)
