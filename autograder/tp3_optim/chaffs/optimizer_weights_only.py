"""The biases are not in the optimiser."""

# loses: make_optimizer
# mistake: frozen biases

def make_optimizer(model, name, lr):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    return kinds[name]([p for name, p in model.named_parameters() if name.endswith("weight")], lr=lr)
