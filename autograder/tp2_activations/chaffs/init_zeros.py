"""All weights zero: no law, and no seed makes a difference."""

# loses: init_mlp (2)

def init_mlp(n, hidden, p, generator):
    w1 = torch.zeros(n, hidden)
    w2 = torch.zeros(hidden, p)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
