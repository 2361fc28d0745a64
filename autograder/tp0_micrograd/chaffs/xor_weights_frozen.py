"""The weights are replaced in a loop variable alone: nothing moves."""

# loses: xor
# mistake: frozen

def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        cost.backward()
        for weight in weights:
            weight = Value(weight.data - lr * weight.grad)
        history.append(cost.data)
    return [weight.data for weight in weights], history
