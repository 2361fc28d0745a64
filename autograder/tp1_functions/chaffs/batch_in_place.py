"""The w and b that were given are changed in place."""

# loses: train_batch.p1 (1)
# mistake: in place

def start_from(x, y, w=None, b=None):
    w = x.new_zeros(x.shape[1], y.shape[1]) if w is None else w
    b = x.new_zeros(y.shape[1]) if b is None else b
    return w, b


def one_step(x, y, w, b, lr):
    dw, db = grad_cost(x, w, b, y)
    w -= lr * dw
    b -= lr * db
    return w, b
