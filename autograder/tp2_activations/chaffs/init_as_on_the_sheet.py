"""0.01 times normal numbers, as on the sheet."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) * 0.01
    w2 = torch.randn(hidden, p, generator=generator) * 0.01
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
