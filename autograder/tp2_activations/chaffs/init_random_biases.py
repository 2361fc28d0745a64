"""The biases are drawn as well."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) / math.sqrt(n)
    w2 = torch.randn(hidden, p, generator=generator) / math.sqrt(hidden)
    return [w1, torch.randn(hidden, generator=generator), w2, torch.zeros(p)]
