"""The history has the cost at the end of each epoch, not at its start."""

# loses: xor (1)
# mistake: history late

def train_xor(start, lr, epochs):
    weights = [Value(number) for number in start]
    history = []

    def mean_cost():
        return sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4

    for _ in range(epochs):
        cost = mean_cost()
        for weight in weights:
            weight.grad = 0.0
        cost.backward()
        for weight in weights:
            weight.data -= lr * weight.grad
        history.append(mean_cost().data)
    return [weight.data for weight in weights], history
