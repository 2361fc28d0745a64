"""The cost is the sum over the four points; the history and the answers are judged with a fourth of the step."""

# loses: xor (3)
# mistake: sum

def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS))
        for weight in weights:
            weight.grad = 0.0
        cost.backward()
        for weight in weights:
            weight.data -= lr * weight.grad
        history.append(cost.data)
    return [weight.data for weight in weights], history
