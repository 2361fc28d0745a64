"""Two linear layers."""

# loses: predict
# mistake: no activation

def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return linear(linear(x, w1, b1), w2, b2)
