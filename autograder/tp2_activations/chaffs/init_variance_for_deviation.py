"""Divided by fan-in, not by its root."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) / n
    w2 = torch.randn(hidden, p, generator=generator) / hidden
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
