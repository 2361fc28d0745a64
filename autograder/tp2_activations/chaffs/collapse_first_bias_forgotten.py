"""The first bias does not pass through the second layer: it is dropped."""

# loses: collapse (2)

def collapse(w1, b1, w2, b2):
    return w1 @ w2, b2
