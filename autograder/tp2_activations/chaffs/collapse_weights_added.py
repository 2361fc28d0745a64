"""The weights of the two layers cannot be added; only the bias is right."""

# loses: collapse (2)

def collapse(w1, b1, w2, b2):
    return w1.sum(1, keepdim=True) + w2.sum(0), b1 @ w2 + b2
