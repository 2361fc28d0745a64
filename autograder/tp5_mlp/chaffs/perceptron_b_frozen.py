"""The bias never moves."""

# loses: perceptron.train
# mistake: frozen b

def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros(x.shape[1], 1) if w is None else w
    b = x.new_zeros(1) if b is None else b
    for _ in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w = w - lr * dw
    return w, b
