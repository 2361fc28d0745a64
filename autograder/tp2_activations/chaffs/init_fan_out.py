"""The outputs of the layer are counted, not its inputs."""

# loses: init_mlp (1)

def init_mlp(n, hidden, p, generator):
    w1 = torch.randn(n, hidden, generator=generator) / math.sqrt(hidden)
    w2 = torch.randn(hidden, p, generator=generator) / math.sqrt(p)
    return [w1, torch.zeros(hidden), w2, torch.zeros(p)]
