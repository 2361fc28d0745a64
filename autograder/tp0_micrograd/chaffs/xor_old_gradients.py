"""The gradients of earlier epochs stay: each step goes along their sum."""

# loses: xor (3)
# mistake: zero_grad

def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        # no gradient is set to 0
        cost.backward()
        for weight in weights:
            weight.data -= lr * weight.grad
        history.append(cost.data)
    return [weight.data for weight in weights], history
