"""predict knows three activations by their names, and takes ReLU for all others."""

# loses: predict (2)
# mistake: other activation

def predict(params, x, activation):
    w1, b1, w2, b2 = params
    g = {"Tanh": torch.tanh, "Sigmoid": torch.sigmoid}.get(activation.__name__, torch.relu)
    return g(x @ w1 + b1) @ w2 + b2
