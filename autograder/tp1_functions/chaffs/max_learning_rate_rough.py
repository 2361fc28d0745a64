"""2 % too small: near enough to separate, not right to a thousandth."""

# loses: max_learning_rate (1)

def max_learning_rate(x):
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    return 0.98 * 2 / torch.linalg.eigvalsh(2 / len(x) * x1.T @ x1)[-1].item()
