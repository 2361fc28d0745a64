"""Uniform numbers with the right variance."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = (2 * torch.rand(n, hidden, generator=generator) - 1) * math.sqrt(3 / n)
    w2 = (2 * torch.rand(hidden, p, generator=generator) - 1) * math.sqrt(3 / hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
