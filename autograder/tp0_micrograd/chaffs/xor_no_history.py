"""The history stays empty."""

# loses: xor (1)
# mistake: history

def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        for weight in weights:
            weight.grad = 0.0
        cost.backward()
        for weight in weights:
            weight.data -= lr * weight.grad
        pass
    return [weight.data for weight in weights], history
