"""b moves with the gradient at the new w."""

# loses: perceptron.train (2)
# mistake: one by one

def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros(x.shape[1], 1) if w is None else w
    b = x.new_zeros(1) if b is None else b
    for _ in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w = w - lr * dw
        b = b - lr * perceptron_grad(x, w, b, y)[1]
    return w, b
