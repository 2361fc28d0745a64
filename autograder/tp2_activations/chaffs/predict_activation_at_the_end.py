"""The activation is applied after the last layer as well."""

# loses: predict
# mistake: activation at the end

def predict(params, x, activation):
    w1, b1, w2, b2 = params
    return activation.apply(linear(activation.apply(linear(x, w1, b1)), w2, b2))
