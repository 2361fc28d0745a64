"""predict uses Tanh whatever it is given."""

# loses: predict (2)
# mistake: other activation

def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return linear(Tanh.apply(linear(x, w1, b1)), w2, b2)
