"""A seed of its own: the same weights whatever the generator."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    generator = torch.Generator().manual_seed(0)
    w1 = torch.randn(n, hidden, generator=generator) / math.sqrt(n)
    w2 = torch.randn(hidden, p, generator=generator) / math.sqrt(hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
