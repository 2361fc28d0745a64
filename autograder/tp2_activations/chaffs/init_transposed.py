"""w1 and w2 as nn.Linear keeps them, transposed."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(hidden, n, generator=generator) / math.sqrt(n)
    w2 = torch.randn(p, hidden, generator=generator) / math.sqrt(hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
