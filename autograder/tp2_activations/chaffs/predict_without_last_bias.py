"""b2 is forgotten."""

# loses: predict
# mistake: without b2

def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return activation.apply(linear(x, w1, b1)) @ w2
