"""train_xor lets PyTorch differentiate."""

# loses: xor
# mistake: autograd, ruled out

def train_xor(start, lr, epochs):
    weights = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in start]
    history = []
    for _ in range(epochs):
        cost = sum((network(weights, *point) - label) ** 2 for point, label in zip(XOR_POINTS, XOR_LABELS)) / 4
        gradients = torch.autograd.grad(cost, weights)
        for weight, gradient in zip(weights, gradients):
            weight.data -= lr * gradient
        history.append(cost.item())
    return [weight.item() for weight in weights], history
