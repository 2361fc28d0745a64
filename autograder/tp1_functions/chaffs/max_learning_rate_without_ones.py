"""The column of ones is forgotten."""

# loses: max_learning_rate

def max_learning_rate(x):
    return 2 / torch.linalg.eigvalsh(2 / len(x) * x.T @ x)[-1].item()
