"""The global generator is used, not the one given."""

# loses: init_mlp (1)
# mistake: generator

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden) / math.sqrt(n)
    w2 = torch.randn(hidden, p) / math.sqrt(hidden)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
