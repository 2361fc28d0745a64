"""train_perceptron starts from zeros whatever it is given."""

# loses: perceptron.train (2)
# mistake: start

def train_perceptron(x, y, lr, epochs, w=None, b=None):
    w = x.new_zeros(x.shape[1], 1)
    b = x.new_zeros(1)
    for _ in range(epochs):
        dw, db = perceptron_grad(x, w, b, y)
        w, b = w - lr * dw, b - lr * db
    return w, b
